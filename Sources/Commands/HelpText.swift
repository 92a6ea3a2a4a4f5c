/// Texts that several help pages share.
enum HelpText {
  /// What `kist --help` begins with.
  static let overview = """
    A first session:
      kist init --repo /mnt/disk/backup.kist
      kist backup --repo /mnt/disk/backup.kist ~/Documents
      kist snapshots --repo /mnt/disk/backup.kist
      kist ls --repo /mnt/disk/backup.kist latest
      kist restore --repo /mnt/disk/backup.kist latest --target /tmp/restored
      kist check --repo /mnt/disk/backup.kist --read-data
      kist key add --repo /mnt/disk/backup.kist --recovery

    Less to type:
      export KIST_REPOSITORY=/mnt/disk/backup.kist      instead of --repo
      export KIST_PASSWORD_FILE=~/.config/kist/password instead of typing it
      kist -P laptop backup     takes both, and the folders, from profile laptop
                                in ~/.config/kist/config.toml

    The password is forgotten, and `kist key add --recovery` has printed a recovery key:
      kist snapshots --recovery-key                     asks for it; so with every command

    Options that all commands share may stand before the command. They win over the environment:
      KIST_REPOSITORY             as --repo
      KIST_PASSWORD               the password itself
      KIST_PASSWORD_FILE          as --password-file, if that is not set
      KIST_PASSWORD_COMMAND       as --password-command, if neither is set
      KIST_PROFILE, KIST_CONFIG   as --profile and --config
      KIST_CACHE_DIR              else ~/.cache/kist
      KIST_STATE_DIR              else ~/.local/state/kist
    restic's and borg's variables are not read.

    Exit status: 0 done; 3 done, but not all could be saved or restored; 1 failed; 2 wrong command \
    line; 10 no repository; 11 busy; 12 wrong password; 20 damage found; 21 no space; 22 refused for \
    safety; 23 the repository is older than what was seen last; 24 a mirror is behind; 130 interrupted; 141 \
    nobody read the output.
    """
}
