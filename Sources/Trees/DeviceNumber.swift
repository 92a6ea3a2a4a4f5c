/// The device that a device file stands for.
package struct DeviceNumber: Hashable, Sendable {
  package var major: UInt32
  package var minor: UInt32

  package init(major: UInt32, minor: UInt32) {
    self.major = major
    self.minor = minor
  }

  package static let zero = DeviceNumber(major: 0, minor: 0)
}
