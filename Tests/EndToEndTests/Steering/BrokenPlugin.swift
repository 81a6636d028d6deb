import Foundation
import Testing

/// Plugins in C that are well until a run uses them.
enum BrokenPlugin {
  /// Where and how one breaks: `FAULT` is the statement that runs there.
  struct Kind: Sendable {
    var kind: String
    /// The function that it breaks in.
    var place: String
    var fault: String
    var name: String { "\(kind)-\(place)-\(fault)" }
  }

  static let crash = "*(volatile int *)8 = 1;"
  static let hang = "for (;;) usleep(1000);"

  /// Compiles a strategy that plans SFT and RL in turn; `begin`, `route` and `end` are statements for its functions.
  static func strategy(
    in workshop: Workshop,
    name: String,
    begin: String = "",
    route: String = "",
    end: String = ""
  ) throws {
    try build(
      """
      static stepwise_status begin(stepwise_instance *self, const stepwise_step_context *context,
          stepwise_step_plan *plan, stepwise_error *error) {
        plan->kind = STEPWISE_STEP_BOTH;
        plan->add_diagnostic(plan, stepwise_text_of("history"), (double)context->history_count);
        plan->add_diagnostic(plan, stepwise_text_of("count"), (double)self->count);
        \(begin)
        return STEPWISE_OK;
      }
      static stepwise_status end(stepwise_instance *self, const stepwise_step_report *report, stepwise_error *error) {
        self->host->metric(self->host, stepwise_text_of("noise"), 5);
        \(end)
        return good_end_step(self, report, error);
      }
      static stepwise_status route(stepwise_instance *self, const stepwise_route_request *request,
          stepwise_routes *routes, stepwise_error *error) {
        \(route)
        return STEPWISE_USE_DEFAULT;
      }
      STRATEGY(.begin_step = begin, .end_step = end, .route = route)
      """,
      kind: "strategy",
      in: workshop,
      name: name,
      factory: ".save = good_save, .load = good_load"
    )
  }

  /// Compiles a reward that gives every completion `value`, an expression of `item`.
  static func reward(
    in workshop: Workshop,
    name: String,
    value: String = "good_value(item)",
    before: String = "",
    extra: String = ""
  ) throws {
    try build(
      "SCORES(\(before.isEmpty ? "(void)0" : before), \(value))\nREWARD()",
      kind: "reward",
      in: workshop,
      name: name,
      extra: extra
    )
  }

  /// Compiles a dataset of 30 rows; `read` are statements before it gives any of `count` rows from `first`.
  static func dataset(in workshop: Workshop, name: String, read: String = "") throws {
    try build(
      """
      static stepwise_status rows(stepwise_instance *self, uint64_t first, uint64_t count,
          const stepwise_row_sink *sink, stepwise_error *error) {
        \(read)
        return good_read(self, first, count, sink, error);
      }
      DATASET(.read = rows)
      """,
      kind: "dataset",
      in: workshop,
      name: name
    )
  }

  private static func build(
    _ source: String,
    kind: String,
    in workshop: Workshop,
    name: String,
    factory: String = "",
    extra: String = ""
  ) throws {
    let folder = workshop.file(name)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let id = "org.example.\(name)"
    let text = """
      #define FACTORY \(factory)
      #include "fault.h"
      #include <math.h>
      #undef ID
      #define ID "\(id)"
      \(source)

      """
    try Data(text.utf8).write(to: folder.appending(path: "plugin.c"))
    try Data(
      """
      manifest: 1
      id: \(id)
      kinds: [\(kind)]
      version: 1.0.0
      abi: "1.0"
      summary: A test.
      variants:
        - { os: linux, arch: x86_64, file: lib\(name).so }
        - { os: linux, arch: aarch64, file: lib\(name).so }
      \(kind == "strategy" ? "needs: [demonstrations, prompts]" : "")
      \(extra)

      """.utf8
    ).write(to: folder.appending(path: "plugin.yaml"))
    let compiler = Process()
    compiler.executableURL = URL(filePath: "/usr/bin/cc")
    compiler.arguments = [
      "-std=gnu11", "-O1", "-w", "-shared", "-fPIC", "-fvisibility=hidden", "-I",
      Stepwise.repository.appending(path: "Sources/CStepwisePlugin/include").path, "-I",
      Stepwise.repository.appending(path: "Tests/Fixtures/plugins/faults").path,
      folder.appending(path: "plugin.c").path, "-o", folder.appending(path: "lib\(name).so").path,
    ]
    try compiler.run()
    compiler.waitUntilExit()
    try #require(compiler.terminationStatus == 0)
  }
}
