#ifndef STEPWISE_CARCHIVE_SHIM_H
#define STEPWISE_CARCHIVE_SHIM_H

#include <archive.h>
#include <archive_entry.h>

/* A cast that Swift does not import. */
static const unsigned int STEPWISE_AE_IFREG = AE_IFREG;

#endif
