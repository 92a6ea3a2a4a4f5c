/// The `.gitignore` files that count in a folder, and how far their rules have come there.
///
/// The file of the deepest folder decides first, and in a file the last rule that matches. Asking costs no allocation.
package struct IgnoreScope: Sendable {
  private struct Live: Sendable {
    let rule: Int
    let state: UInt64
  }

  private struct Layer: Sendable {
    let file: IgnoreFile
    let live: [Live]
  }

  /// Outermost folder first.
  private var layers: [Layer] = []

  /// The scope of a folder above which no file counts.
  package init() {}

  /// True if nothing is ignored here.
  package var isEmpty: Bool { layers.isEmpty }

  /// The scope of the same folder with the file that lies in it.
  ///
  /// A file is left out if it would make more than `PatternLimits.ignoreScopeCount` rules: a tree could be made to slow down
  /// every walk through it.
  package func adding(_ file: IgnoreFile) -> IgnoreScope {
    let count = layers.reduce(file.rules.count) { $0 + $1.live.count }
    guard !file.rules.isEmpty, count <= PatternLimits.ignoreScopeCount else { return self }
    var scope = self
    scope.layers.append(
      Layer(
        file: file,
        live: file.rules.indices.map { Live(rule: $0, state: file.rules[$0].glob.start) }
      )
    )
    return scope
  }

  /// The scope of the folder `name` in this one, before the file that lies in it is added.
  package func below(_ name: Span<UInt8>) -> IgnoreScope {
    var scope = IgnoreScope()
    for layer in layers {
      var live: [Live] = []
      live.reserveCapacity(layer.live.count)
      for item in layer.live {
        let state = layer.file.rules[item.rule].glob.advanced(
          item.state,
          by: name,
          in: layer.file.table
        )
        if state != 0 { live.append(Live(rule: item.rule, state: state)) }
      }
      if !live.isEmpty { scope.layers.append(Layer(file: layer.file, live: live)) }
    }
    return scope
  }

  /// What an entry of a folder is, as far as rules ask.
  package enum Entry: Sendable {
    case folder
    case other
  }

  /// True if the rules leave `name` out.
  package func ignores(_ name: Span<UInt8>, _ entry: Entry) -> Bool {
    var layer = layers.count
    while layer > 0 {
      layer -= 1
      var index = layers[layer].live.count
      while index > 0 {
        index -= 1
        let item = layers[layer].live[index]
        let rule = layers[layer].file.rules[item.rule]
        if rule.isForFoldersOnly, entry != .folder { continue }
        let state = rule.glob.advanced(item.state, by: name, in: layers[layer].file.table)
        if rule.glob.isMatch(state) { return !rule.isNegated }
      }
    }
    return false
  }
}
