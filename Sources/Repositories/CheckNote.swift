import Encoding

/// What this machine found when it checked a store.
package struct CheckNote: Equatable, Sendable {
  /// A check that found something.
  package struct Fault: Equatable, Sendable {
    package let verification: Verification
    package let findingCount: UInt64

    package init(verification: Verification, findingCount: UInt64) {
      self.verification = verification
      self.findingCount = findingCount
    }
  }

  /// The last check that found nothing.
  package private(set) var passed: Verification?
  /// The last check that read every byte and found nothing, in seconds since 1970.
  package private(set) var wasReadAt: Int64?
  /// What was found and has not been found to be mended.
  package private(set) var fault: Fault?

  package init() {}

  /// Enters a check that found nothing.
  ///
  /// A fault stands until a check that looks at as much finds nothing: others do not see what it saw.
  package mutating func enter(passed verification: Verification) {
    passed = verification
    if verification.extent == .everything { wasReadAt = verification.time }
    if let fault, fault.verification.extent <= verification.extent { self.fault = nil }
  }

  /// Enters a check that found something.
  package mutating func enter(_ fault: Fault) { self.fault = fault }
}

extension CheckNote: KeptNote {
  func write(to writer: inout CBORWriter) {
    writer.mapHeader([passed != nil, wasReadAt != nil, fault != nil].count { $0 })
    if let passed {
      writer.field(1, arrayOf: 2)
      writer.signed(passed.time)
      writer.unsigned(passed.extent.rawValue)
    }
    if let wasReadAt { writer.field(2, signed: wasReadAt) }
    if let fault {
      writer.field(3, arrayOf: 3)
      writer.signed(fault.verification.time)
      writer.unsigned(fault.verification.extent.rawValue)
      writer.unsigned(fault.findingCount)
    }
  }

  init?(reading reader: inout CBORReader) throws(CBORError) {
    var map = try reader.beginMap(limit: NoteLimits.keyCount)
    while let key = try map.nextKey(&reader) {
      switch key {
      case 1:
        guard try reader.readArrayHeader(limit: 2) == 2,
          let read = try Verification(reading: &reader)
        else { return nil }
        passed = read
      case 2: wasReadAt = try reader.readSigned()
      case 3:
        guard try reader.readArrayHeader(limit: 3) == 3,
          let read = try Verification(reading: &reader)
        else { return nil }
        fault = Fault(verification: read, findingCount: try reader.readUnsigned())
      // Of a later version.
      default: try reader.skipValue()
      }
    }
  }
}

extension Verification {
  /// Reads time and extent; `nil` if the extent is none that is known.
  init?(reading reader: inout CBORReader) throws(CBORError) {
    let time = try reader.readSigned()
    guard let extent = Extent(rawValue: try reader.readUnsigned()) else { return nil }
    self.init(time: time, extent: extent)
  }
}
