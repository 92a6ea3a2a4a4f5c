/// Keys of an entry's map.
///
/// Source: Formats/tree.md §1.
enum EntryKey: UInt64 {
  case name = 1
  case kind = 2
  case mode = 3
  case uid = 4
  case gid = 5
  case modified = 6
  case size = 7
  case attributes = 8
  case attributesNode = 9
  case flags = 10
  case linkTarget = 11
  case device = 12
  case inline = 13
  case list = 14
  case paged = 15
  case directory = 16
  case holes = 17
  case changedWhileRead = 18
  case subtree = 19
}
