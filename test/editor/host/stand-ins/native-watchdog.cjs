// Takes the place of @vscode/native-watchdog, a native addon that ends an extension host whose parent is gone. The harness and
// `npm start` end by themselves the processes they started.
'use strict';
exports.start = () => {};
exports.exit = (code) => process.exit(code);
