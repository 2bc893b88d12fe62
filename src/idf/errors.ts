declare module '../base/ota-error.ts' {
  interface OtaErrorDetails {
    /** A line of sdkconfig or sdkconfig.defaults that Kconfig ignores with a warning. */
    'sdkconfig.malformedLine': { text: string };
    /** A symbol name with characters Kconfig does not allow. */
    'sdkconfig.badName': { name: string };
    /** A value that can not be written on one line of sdkconfig, or is no whole number. */
    'sdkconfig.badValue': { name: string; reason: 'lineBreak' | 'notInteger' };
    /** A file named in SDKCONFIG_DEFAULTS that is not there: the build stops. */
    'sdkconfigDefaults.missing': { file: string };
    /** A JSON file of the build that can not be used. `offset` is that of the first wrong character where known, -1 otherwise. */
    'idfJson.invalid': { reason: 'syntax' | 'notAnObject' | 'tooLarge'; offset: number };
    /** flasher_args.json names a file at something that is no offset. */
    'flasherArgs.badOffset': { text: string; file: string };
    /** A CMakeLists.txt that ends inside a quoted argument, a bracket or a call. */
    'cmake.unterminated': { what: 'quotedArgument' | 'bracket' | 'call' };
    /** The Kconfig choice of the partition table yields no file name (TWO_OTA_LARGE with core dump to flash): the build stops. */
    'partitionTable.noFileForChoice': { choice: string; hasCoredump: boolean };
    /** The chosen built-in table is not known for this ESP-IDF. */
    'partitionTable.unknownBuiltIn': { file: string };
    /** The custom partition CSV is not there. */
    'partitionTable.csvMissing': { file: string };
    /** CONFIG_PARTITION_TABLE_FILENAME in sdkconfig is of an earlier choice; the next configure run recomputes it. */
    'partitionTable.fileNameStale': { configured: string; chosen: string };
    /** build/partition_table/partition-table.bin is not what the chosen CSV gives: rebuild. */
    'partitionTable.builtDiffers': { file: string };
    /** The version is cut at 31 bytes in the app description. */
    'version.cut': { version: string; effective: string };
    /** version.txt has several lines: CMake joins them with `;`. */
    'version.multiLine': { version: string; lines: number };
    /** version.txt (or another source) holds what CMake takes for "false", so ESP-IDF ≥ 5.2 looks at the next source. */
    'version.ignoredAsFalse': { text: string };
    /** A source that says something else than the version in force. */
    'version.shadowed': { by: string; source: string; value: string };
    /** CMake computes the version; its value is known after a build only. */
    'version.computed': { expression: string };
    /** The line that sets the version stands inside if(), foreach() or a function. */
    'version.conditional': { variable: string };
    /** The `project(… VERSION …)` argument means nothing to this ESP-IDF (before 5.2). */
    'version.projectArgumentIgnored': { idfVersion: string; value: string };
    /** CONFIG_APP_PROJECT_VER has a value, but CONFIG_APP_PROJECT_VER_FROM_CONFIG is off. */
    'version.kconfigUnused': { value: string };
    /** `git describe` gives another version than the built image has: it is asked only when CMake runs again. */
    'version.gitStale': { built: string; described: string };
    /** The built image has another version than the sources say: not rebuilt since. */
    'version.notRebuilt': { built: string; effective: string };
    /** CONFIG_APP_EXCLUDE_PROJECT_VER_VAR leaves the version field of the image empty. */
    'version.excluded': { version: string };
    /** The current version is no semantic version, so it can not be raised: the new one has to be typed. */
    'version.notSemantic': { version: string; source: string };
    /** The current version is not known before a build, so it can not be raised. */
    'version.unknown': { source: string };
    'version.badCharacter': { version: string; character: string };
    'version.empty': { source: string };
    /** `project(… VERSION …)` takes one to four numbers. */
    'version.notForProjectArgument': { version: string };
    /** version.txt holds more than one line; which of them is meant is the user's to say. */
    'version.multiLineFile': { path: string; lines: number };
    /** The place to edit could not be found (the file changed since it was read). */
    'version.noPlace': { source: string; path: string };
    /** The new version is the one in force already. */
    'version.same': { version: string };
    /** A file is not what it was when the change was planned. Nothing was written. */
    'file.changed': { path: string };
    /** A file that is not UTF-8 can not take this text. */
    /** One of several files could not be written, and those written before it could not be put back; `changed` lists them by comma. */
    'file.halfWritten': { path: string; reason: string; changed: string };
    'file.notUtf8': { path: string };
    /** A file is larger than anything of its kind. */
    'file.tooLarge': { path: string; sizeBytes: number; maxBytes: number };
    /** Metadata was asked for, and there is no application image yet. */
    'manifest.notBuilt': { project: string };
    /** The application image can not be described (its own problem is listed in the project). */
    'manifest.badImage': { path: string };
    /** Not an ESP-IDF project: neither a CMakeLists.txt that includes ESP-IDF's nor an sdkconfig of it. */
    'project.notIdf': { folder: string };
    /** The project is built by PlatformIO, whose outputs lie elsewhere. */
    'project.platformIo': { folder: string };
    /** The application that the build describes is not there (not built yet, or cleaned). */
    'project.appMissing': { file: string };
    /** More source files than are searched; what was found is not all. */
    'project.sourcesNotAllSearched': { searched: number };
  }
}
export {};
