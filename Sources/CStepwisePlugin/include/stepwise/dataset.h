/* Datasets: give rows by position. The host shuffles, repeats and batches. */
#ifndef STEPWISE_DATASET_H
#define STEPWISE_DATASET_H

#include "reward.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a dataset declares about itself. The host fills in the defaults before it asks. Growable. */
typedef struct stepwise_dataset_description {
  uint32_t struct_size;
  uint32_t reserved;
  /* How many rows there are; STEPWISE_UNBOUNDED for a stream that has no end. Default STEPWISE_UNBOUNDED. */
  uint64_t count;
} stepwise_dataset_description;

#define STEPWISE_UNBOUNDED UINT64_MAX

/* Takes rows, in order. The host owns it and gives it for the call. Growable. */
typedef struct stepwise_row_sink {
  uint32_t struct_size;
  uint32_t reserved;
  void *context;
  /* Takes one row and copies all of it before it returns: the row and what it points to may be on the stack or be reused for
   * the next. Anything but STEPWISE_OK shall be returned from `read` or `next` as it is; the host knows why. [caller] */
  stepwise_status (*row)(const struct stepwise_row_sink *sink, const stepwise_example *row);
} stepwise_row_sink;

/* The functions of a dataset. `read`, or `next`, must be there; `read` is preferred where both are. Growable; it lives as long
 * as the library. */
typedef struct stepwise_dataset {
  uint32_t struct_size;
  uint32_t reserved;

  /* Fills in `description`. Called once, after `init`. [serial] Required. */
  stepwise_status (*describe)(
      stepwise_instance *instance, stepwise_dataset_description *description, stepwise_error *error);

  /* Gives the `count` rows from position `first` to the sink, in order. The range lies within the dataset. Ranges come in any
   * order and may overlap; the same position gives the same row for the life of a run. [serial] Optional where `next` is. */
  stepwise_status (*read)(
      stepwise_instance *instance, uint64_t first, uint64_t count, const stepwise_row_sink *sink,
      stepwise_error *error);

  /* Gives the next `count` rows to the sink, from where the last `next` or `seek` ended; a new instance starts at 0. [serial]
   * Optional where `read` is. */
  stepwise_status (*next)(
      stepwise_instance *instance, uint64_t count, const stepwise_row_sink *sink, stepwise_error *error);

  /* Makes `position` the row that `next` gives. [serial] Optional: the host reads and drops rows to go forward, and refuses
   * to go back. */
  stepwise_status (*seek)(stepwise_instance *instance, uint64_t position, stepwise_error *error);

  /* An epoch begins, 0-based; called before the first row too. Rows may differ between epochs only where the dataset's
   * documentation says so. [serial] Optional. */
  stepwise_status (*begin_epoch)(stepwise_instance *instance, uint64_t epoch, stepwise_error *error);
} stepwise_dataset;

#ifdef __cplusplus
}
#endif

#endif
