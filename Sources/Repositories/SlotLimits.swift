/// Limits of slots.
///
/// Source: Formats/README.md §3.
package enum SlotLimits {
  package static let slotCount = 16
}
