/// The prompts of the two published works, in structure; the instructions are in our own words.
public enum Prompts {
  /// Asks for reasoning followed by `CONCLUSION:` and numbered lines (mem-kk-logic's format).
  ///
  /// Instructions, blank line, `### Question: ` and the quiz, newline, `### Answer:`.
  public static func conclusion(quiz: String, reasoning: Bool = true) -> String {
    let explain = reasoning ? "Explain your reasoning first. Then finish" : "Finish"
    return """
      Below is a logical reasoning problem. From what a number of characters say you must infer the \
      identity of each character. \(explain) your answer with the identity of every character, \
      exactly in this format:

      CONCLUSION:
      (1) ...
      (2) ...
      (3) ...

      ### Question: \(quiz)
      ### Answer:
      """
  }

  /// A finished ChatML text that opens the assistant's turn and its `<think>` (Logic-RL, instruct).
  ///
  /// To be used as it is: no chat template is applied to it again.
  public static func thinkAndAnswerChat(quiz: String) -> String {
    """
    <|im_start|>system
    You are a helpful assistant. \(thinkAndAnswerInstructions)
    <|im_end|>
    <|im_start|>user
    \(quiz)
    <|im_end|>
    <|im_start|>assistant
    <think>
    """
  }

  /// The same for a base model: instructions, blank line, `User:` and the quiz, `Assistant: <think>`.
  public static func thinkAndAnswerBase(quiz: String) -> String {
    """
    This is a conversation between a user and an assistant. \(thinkAndAnswerInstructions)

    User:\(quiz)
    Assistant: <think>
    """
  }

  // No "Assistant:" may occur here: the reward cuts the text at its first occurrence.
  private static let thinkAndAnswerInstructions = """
    The assistant first thinks the problem through and then gives the answer. The thinking stands \
    between <think> and </think>, the answer between <answer> and </answer>, like this: \
    <think> thinking </think><answer> answer </answer>. The user now poses a logical reasoning \
    problem. When the assistant has reached a conclusion, it states the identity of each character, \
    one per line, between the answer tags, for example: <answer> (1) Zoey is a knight
    (2) ... </answer>.
    """
}
