import * as vscode from 'vscode';

// What ESP32 OTA can see of the ESP-IDF extension: tasks of type `esp-idf` with its names, a terminal with its name, its settings.

export function activate(context: vscode.ExtensionContext): void {
  let end: (() => void) | undefined;
  context.subscriptions.push(
    /** Begins a task as “Flash” does, which goes on until the command is called again. */
    vscode.commands.registerCommand('espIdf.flashDevice', async () => {
      if (end !== undefined) {
        end();
        end = undefined;
        return;
      }
      const execution = new vscode.CustomExecution(() => {
        const written = new vscode.EventEmitter<string>();
        const closed = new vscode.EventEmitter<number>();
        end = () => {
          closed.fire(0);
        };
        return Promise.resolve({
          onDidWrite: written.event,
          onDidClose: closed.event,
          open: () => {
            written.fire('esptool would run here\r\n');
          },
          close: () => undefined,
        });
      });
      const folder = vscode.workspace.workspaceFolders?.[0] ?? vscode.TaskScope.Workspace;
      const definition = { type: 'esp-idf', command: 'ESP-IDF Flash', taskId: 'idf-flash-task' };
      const task = new vscode.Task(definition, folder, 'ESP-IDF Flash', 'espressif.esp-idf-extension', execution);
      await vscode.tasks.executeTask(task);
    }),
    vscode.commands.registerCommand('espIdf.monitorDevice', () => {
      vscode.window.createTerminal({ name: 'ESP-IDF Monitor ' }).show();
    }),
  );
}
