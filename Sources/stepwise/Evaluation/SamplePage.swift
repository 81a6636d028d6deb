import Training

/// Prompts with their completions and scores as one HTML file that needs nothing else: it folds, filters and searches.
struct SamplePage {
  let title: String
  /// The names of the rewards, in the order of their scores.
  let rewards: [String]
  let prompts: [EvaluatedPrompt]

  var html: String {
    let kinds = EvaluationReport.unique(prompts.map { "\($0.set), \($0.mode)" })
    let options = kinds.map { "<option>\(Self.escaped($0))</option>" }.joined()
    return """
      <!doctype html>
      <html lang="en">
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>\(Self.escaped(title))</title>
      <style>
      \(Self.style)
      </style>
      <h1>\(Self.escaped(title))</h1>
      <p class="tools">
      <select id="kind"><option value="">all sets</option>\(options)</select>
      <select id="outcome"><option value="">all prompts</option><option value="failed">failed</option>\
      <option value="passed">passed</option></select>
      <input id="words" type="search" placeholder="search">
      <span id="count"></span>
      </p>
      \(prompts.map(section).joined(separator: "\n"))
      <script>
      \(Self.script)
      </script>
      </html>

      """
  }

  private func section(_ prompt: EvaluatedPrompt) -> String {
    let kind = "\(prompt.set), \(prompt.mode)"
    let facts = [kind, "row \(prompt.row)"] + prompt.columns.map { "\($0.name) \($0.value)" }
    let outcome = prompt.correct > 0 ? "passed" : "failed"
    return """
      <details data-kind="\(Self.escaped(kind))" data-outcome="\(outcome)">
      <summary><b class="\(outcome)">\(prompt.correct) of \(prompt.completions.count) correct</b> \
      \(Self.escaped(facts.joined(separator: " · ")))</summary>
      <pre class="prompt">\(Self.escaped(prompt.prompt))</pre>
      \(prompt.completions.map(block).joined(separator: "\n"))
      </details>
      """
  }

  private func block(_ completion: EvaluatedCompletion) -> String {
    var facts = ["reward \(completion.reward.map(NumberText.short) ?? "abstained")"]
    if rewards.count > 1 {
      facts += zip(rewards, completion.scores).map {
        "\($0) \($1.map(NumberText.short) ?? "abstained")"
      }
    }
    if let answer = completion.answer { facts.append("answer \(answer)") }
    facts.append(completion.length)
    let verdict = completion.solved ? "passed" : "failed"
    return """
      <p><b class="\(verdict)">\(completion.solved ? "correct" : "wrong")</b> \
      \(Self.escaped(facts.joined(separator: " · ")))</p>
      <pre>\(Self.escaped(completion.text))</pre>
      """
  }

  /// The text as it stands inside an element or an attribute in double quotes.
  static func escaped(_ text: String) -> String {
    var out = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": out += "&amp;"
      case "<": out += "&lt;"
      case ">": out += "&gt;"
      case "\"": out += "&quot;"
      // HTML has no other control characters than these.
      case _ where scalar.value < 0x20 && !"\n\t".unicodeScalars.contains(scalar): out += "\u{FFFD}"
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out
  }

  private static let style = """
    :root { color-scheme: light dark; }
    body { font: 15px/1.5 system-ui, sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; }
    h1 { font-size: 1.2em; }
    .tools { position: sticky; top: 0; background: Canvas; padding: .5em 0; }
    details { border-top: 1px solid color-mix(in srgb, CanvasText 20%, Canvas); padding: .4em 0; }
    summary { cursor: pointer; }
    pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: .3em 0 1em 1em; font-size: 13px; }
    .prompt { border-left: 3px solid color-mix(in srgb, CanvasText 30%, Canvas); padding-left: 1em; }
    .passed { color: light-dark(#00693e, #5fd787); }
    .failed { color: light-dark(#9a4a00, #ffaf5f); }
    """

  private static let script = """
    const items = [...document.querySelectorAll("details")];
    const [kind, outcome, words, count] = ["kind", "outcome", "words", "count"].map(id => document.getElementById(id));
    function apply() {
      let shown = 0;
      for (const item of items) {
        const fits = (!kind.value || item.dataset.kind === kind.value)
          && (!outcome.value || item.dataset.outcome === outcome.value)
          && (!words.value || item.textContent.toLowerCase().includes(words.value.toLowerCase()));
        item.hidden = !fits;
        if (fits) shown += 1;
      }
      count.textContent = `${shown} of ${items.length} prompts`;
    }
    for (const tool of [kind, outcome, words]) tool.addEventListener("input", apply);
    apply();
    """
}
