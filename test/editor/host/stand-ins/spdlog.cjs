// Takes the place of @vscode/spdlog, a native addon that writes VS Code's log files (output channels are log files too), so that
// installing the editor host needs no compiler. Appends synchronously; files are not rotated.
'use strict';
const fs = require('node:fs');
const path = require('node:path');

const LEVELS = ['trace', 'debug', 'info', 'warning', 'error', 'critical', 'off'];

/** `2026-01-31 10:20:30.123`, local time: VS Code's pattern is `%Y-%m-%d %H:%M:%S.%e [%l] %v`. */
function timestamp(now = new Date()) {
  const local = new Date(now.getTime() - now.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 23).replace('T', ' ');
}

class LogFile {
  constructor(file) {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    this.descriptor = fs.openSync(file, 'a');
    this.level = LEVELS.indexOf('info');
    this.isFormatted = true;
  }
  append(level, message) {
    if (level < this.level || this.descriptor === undefined) return;
    const line = this.isFormatted ? `${timestamp()} [${LEVELS[level]}] ${message}\n` : message;
    fs.writeSync(this.descriptor, line);
  }
  getLevel() {
    return this.level;
  }
  setLevel(level) {
    this.level = level;
  }
  setPattern() {
    this.isFormatted = true;
  }
  clearFormatters() {
    this.isFormatted = false;
  }
  flush() {}
  drop() {
    if (this.descriptor !== undefined) fs.closeSync(this.descriptor);
    this.descriptor = undefined;
  }
}
for (const [level, name] of ['trace', 'debug', 'info', 'warn', 'error', 'critical'].entries()) {
  LogFile.prototype[name] = function (message) {
    this.append(level, message);
  };
}

// VS Code imports this as an ES module: the names are found by reading `exports.name =` off the source, hence a line for each
exports.version = 11100;
exports.setLevel = () => {};
exports.setFlushOn = () => {};
exports.shutdown = () => {};
exports.Logger = class extends LogFile {
  constructor(_kind, _name, file) {
    super(file);
  }
};
exports.createRotatingLogger = async (_name, file) => new LogFile(file);
exports.createAsyncRotatingLogger = async (_name, file) => new LogFile(file);
