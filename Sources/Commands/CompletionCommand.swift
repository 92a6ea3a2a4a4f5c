import ArgumentParser

struct CompletionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "completion",
    abstract: "Print what a shell needs to complete command lines of kist.",
    discussion: """
      For bash, which reads it when kist is first typed:
        mkdir -p ~/.local/share/bash-completion/completions
        kist completion bash > ~/.local/share/bash-completion/completions/kist

      For zsh, into any folder of $fpath, before compinit:
        kist completion zsh > ~/.zfunc/_kist

      For fish:
        kist completion fish > ~/.config/fish/completions/kist.fish
      """
  )

  /// Shells that are known.
  enum Shell: String, ExpressibleByArgument, CaseIterable {
    case bash
    case zsh
    case fish

    var parserShell: CompletionShell {
      switch self {
      case .bash: .bash
      case .zsh: .zsh
      case .fish: .fish
      }
    }
  }

  /// They may stand before any command; what is printed is the same with all of them.
  @OptionGroup(visibility: .hidden) var options: PlaceOptions
  @OptionGroup(visibility: .hidden) var shared: SharedOptions

  @Argument(help: "The shell.")
  var shell: Shell

  func run() throws {
    let output = ResultOutput()
    try output.line(Kist.completionScript(for: shell.parserShell))
    try output.flush()
  }
}
