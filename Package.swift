// swift-tools-version: 6.3
import PackageDescription

/// One set of compiler settings for every target, so that none differs.
let house: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// A library target that holds one idea, and imports only what stands below it.
func idea(_ name: String, on lower: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: lower, swiftSettings: house)
}

/// Settings of tests: in a release build, what they test is optimised, and they are not, for that takes minutes.
let ofTests = house + [.unsafeFlags(["-Onone"], .when(configuration: .release))]

/// The tests of one idea.
func tests(_ name: String, on lower: [Target.Dependency] = []) -> Target {
  .testTarget(
    name: name + "Tests",
    dependencies: [.byName(name: name), "TestSupport"] + lower,
    swiftSettings: ofTests
  )
}

let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let toml = Target.Dependency.product(name: "TOMLKit", package: "TOMLKit")

let package = Package(
  name: "kist",
  products: [
    .executable(name: "kist", targets: ["kist"]),
    .library(name: "Kist", targets: ["Kist"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
  ],
  targets: [
    // Floor 0: C libraries, and the words that everything else is said in.
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
    .systemLibrary(name: "CLMDB", pkgConfig: "lmdb", providers: [.apt(["liblmdb-dev"])]),
    .target(name: "CBlake2b"),
    .target(name: "CFiles"),
    .target(name: "CSignals"),
    idea("CoreTypes"),

    // Floor 1: one seam each.
    idea("Zstandard", on: ["CZstd"]),
    idea("Sodium", on: ["CBlake2b", "CSodium"]),
    idea("LMDB", on: ["CLMDB", "CSignals"]),
    idea("Encoding", on: ["CoreTypes"]),
    idea("Files", on: ["CFiles", "CSignals", "CoreTypes", system]),
    idea("Threading", on: ["CFiles"]),
    idea("Chunking", on: ["CoreTypes"]),
    idea("Patterns"),
    idea("Profiles", on: [toml]),

    // Floor 2: the formats' parts.
    idea("Trees", on: ["CoreTypes", "Encoding"]),
    idea("Sealing", on: ["CoreTypes", "Encoding", "Sodium", "Zstandard"]),
    idea("Storage", on: ["CoreTypes", "Files", "Sodium"]),

    // Floor 3: files of objects, and finding things in them.
    idea("Packing", on: ["CoreTypes", "Sealing", "Storage"]),
    idea("Indexing", on: ["CoreTypes", "Files", "LMDB", "Packing"]),

    // Floor 4: the repository; the file system on both ends.
    idea(
      "Repositories",
      on: [
        "Chunking", "CoreTypes", "Encoding", "Files", "Indexing", "LMDB", "Packing", "Sealing",
        "Sodium", "Storage", "Trees",
      ]
    ),
    idea(
      "Scanning",
      on: ["CoreTypes", "Encoding", "Files", "Indexing", "LMDB", "Patterns", "Sealing", "Trees"]
    ),
    idea("Archiving", on: ["CoreTypes", "Trees"]),
    idea("Restoring", on: ["CoreTypes", "Files", "Sodium", "Trees"]),

    // Floor 5: the pipelines.
    idea(
      "Backups",
      on: [
        "Chunking", "CoreTypes", "Files", "Indexing", "LMDB", "Packing", "Patterns",
        "Repositories", "Restoring", "Scanning", "Sealing", "Sodium", "Storage", "Threading",
        "Trees",
      ]
    ),

    idea(
      "Mirroring",
      on: [
        "CoreTypes", "Encoding", "Files", "Indexing", "Packing", "Repositories", "Sealing",
        "Sodium", "Storage", "Threading",
      ]
    ),
    idea(
      "Browsing",
      on: [
        "Archiving", "CoreTypes", "Indexing", "Packing", "Patterns", "Repositories", "Sealing",
        "Trees",
      ]
    ),

    // Floor 6 and 7: what a person sees.
    idea(
      "Commands",
      on: [
        "Archiving", "Backups", "Browsing", "Chunking", "CoreTypes", "Files", "Indexing", "LMDB",
        "Mirroring", "Packing", "Patterns", "Profiles", "Repositories", "Restoring", "Scanning",
        "Sealing", "Sodium", "Storage", "Threading", "Trees", arguments,
      ]
    ),
    .executableTarget(name: "kist", dependencies: ["Commands"], swiftSettings: house),

    // The door for other programs, and one of them.
    idea(
      "Kist",
      on: [
        "Backups", "Chunking", "Commands", "CoreTypes", "Files", "Mirroring", "Patterns",
        "Repositories", "Restoring", "Scanning", "Sealing", "Sodium", "Storage", "Threading",
        "Trees",
      ]
    ),
    .executableTarget(
      name: "Example",
      dependencies: ["Kist"],
      path: "Docs/Example",
      swiftSettings: house
    ),

    // Tests, in the order of what they test.
    .target(
      name: "TestSupport",
      dependencies: ["CoreTypes", "Files", "Storage"],
      path: "Tests/TestSupport",
      swiftSettings: house
    ),
    .executableTarget(
      name: "sequences",
      dependencies: [
        "Backups", "Chunking", "CoreTypes", "Packing", "Repositories", "Sealing", "Sodium",
        "Storage", "TestSupport", "Trees",
      ],
      path: "Tests/Sequences",
      swiftSettings: house
    ),
    tests("CoreTypes"),
    tests("Zstandard"),
    tests("Sodium"),
    tests("LMDB"),
    tests("Files"),
    tests("Threading"),
    tests("Profiles"),
    tests("Encoding", on: ["CoreTypes"]),
    tests("Chunking", on: ["CoreTypes"]),
    tests("Patterns"),
    tests("Sealing", on: ["CoreTypes", "Encoding", "Sodium"]),
    tests("Storage", on: ["CoreTypes", "Files"]),
    tests("Packing", on: ["CoreTypes", "Sealing", "Sodium", "Storage"]),
    tests("Indexing", on: ["CoreTypes", "LMDB", "Packing"]),
    tests(
      "Repositories",
      on: [
        "Chunking", "CoreTypes", "Encoding", "Files", "Indexing", "Packing", "Sealing", "Sodium",
        "Storage", "Trees",
      ]
    ),
    tests("Restoring", on: ["CoreTypes", "Files", "Trees"]),
    tests("Trees", on: ["CoreTypes", "Encoding"]),
    tests("Scanning", on: ["CoreTypes", "Files", "Indexing", "Patterns", "Trees"]),
    tests(
      "Backups",
      on: [
        "Chunking", "Commands", "CoreTypes", "Files", "Packing", "Patterns", "Repositories",
        "Restoring",
        "Scanning", "Sealing", "Sodium", "Storage", "Trees",
      ]
    ),
    tests(
      "Mirroring",
      on: [
        "Chunking", "CoreTypes", "Files", "Indexing", "Packing", "Repositories", "Sealing",
        "Sodium", "Storage", "Threading",
      ]
    ),
    tests("Kist", on: ["Example"]),
    tests("Archiving", on: ["CoreTypes", "Trees"]),
    tests(
      "Browsing",
      on: [
        "Archiving", "Backups", "Chunking", "CoreTypes", "Files", "Indexing", "Packing", "Patterns",
        "Repositories", "Scanning", "Sealing", "Sodium", "Storage", "Trees",
      ]
    ),
    .testTarget(
      name: "CommandTests",
      dependencies: ["kist", "sequences", "TestSupport", "CoreTypes", "Repositories"],
      swiftSettings: ofTests
    ),
    .testTarget(name: "ModelTests", dependencies: ["TestSupport"], swiftSettings: ofTests),
  ]
)
