// Backs a folder up with the library `Kist`, proves the repository, and restores the newest snapshot.
//
//     example REPOSITORY FOLDER TARGET          the password is in KIST_PASSWORD
import Foundation
import Kist

let words = CommandLine.arguments
guard words.count == 4, let password = ProcessInfo.processInfo.environment["KIST_PASSWORD"] else {
  print("usage: KIST_PASSWORD=… \(words[0]) REPOSITORY FOLDER TARGET")
  exit(2)
}
let (place, folder, target) = (words[1], words[2], words[3])

do throws(KistError) {
  let repository: Repository
  if FileManager.default.fileExists(atPath: place) {
    repository = try Repository(at: place, opening: .password(password))
  } else {
    repository = try Repository.create(at: place, password: password)
  }

  var options = BackupOptions()
  options.excludes = ["*.tmp"]
  let backup = try repository.backUp([folder], options: options)
  print("saved \(backup.newFileCount) new files, \(backup.storedByteCount) bytes stored")
  for problem in backup.problems { print("not saved: \(problem)") }
  if let warning = backup.warning { print("warning: \(warning)") }

  for snapshot in try repository.snapshots() {
    print(snapshot.id.prefix(8), snapshot.paths.joined(separator: " "), snapshot.fileCount)
  }

  let check = try repository.check(.everything)
  print(check.isWhole ? "every byte was proven" : check.problems.joined(separator: "\n"))

  let restore = try repository.restore("latest", to: target)
  print("restored \(restore.fileCount) files to \(target)")
} catch {
  print(error)
  exit(1)
}
