package import Files

/// Something that takes the attributes of an entry: an open file or folder, or a name that cannot be opened.
package protocol AttributeHolder {
  func setOwner(uid: UInt32, gid: UInt32) throws(FilesError)
  func setMode(_ mode: UInt16) throws(FilesError)
  func setTimes(modification: Timestamp) throws(FilesError)
  func extendedAttributes() throws(FilesError) -> [ExtendedAttribute]
  func setExtendedAttribute(_ attribute: [UInt8], _ value: [UInt8]) throws(FilesError)
  func removeExtendedAttribute(_ attribute: [UInt8]) throws(FilesError)
  func inodeFlags() throws(FilesError) -> UInt32?
  func setInodeFlags(adding flags: UInt32) throws(FilesError)
  func setInodeFlags(replacing flags: UInt32) throws(FilesError)
}

extension OpenFile: AttributeHolder {}
extension DirectoryHandle: AttributeHolder {}

/// A name in an open folder: links, FIFOs and devices, and files that their owner may not open.
package struct NamedEntry: AttributeHolder {
  private let folder: DirectoryHandle
  private let name: [UInt8]
  private let isLink: Bool

  package init(_ name: [UInt8], in folder: DirectoryHandle, isLink: Bool) {
    self.folder = folder
    self.name = name
    self.isLink = isLink
  }

  package func setOwner(uid: UInt32, gid: UInt32) throws(FilesError) {
    try folder.setOwner(of: name, uid: uid, gid: gid)
  }

  /// Links have no mode.
  package func setMode(_ mode: UInt16) throws(FilesError) {
    if !isLink { try folder.setMode(of: name, mode) }
  }

  package func setTimes(modification: Timestamp) throws(FilesError) {
    try folder.setTimes(of: name, modification: modification)
  }

  package func extendedAttributes() throws(FilesError) -> [ExtendedAttribute] {
    try folder.extendedAttributes(of: name)
  }

  package func setExtendedAttribute(_ attribute: [UInt8], _ value: [UInt8]) throws(FilesError) {
    try folder.setExtendedAttribute(attribute, value, of: name)
  }

  package func removeExtendedAttribute(_ attribute: [UInt8]) throws(FilesError) {
    try folder.removeExtendedAttribute(attribute, of: name)
  }

  /// None: flags belong to what can be opened.
  package func inodeFlags() throws(FilesError) -> UInt32? { nil }
  package func setInodeFlags(adding flags: UInt32) throws(FilesError) {}
  package func setInodeFlags(replacing flags: UInt32) throws(FilesError) {}
}
