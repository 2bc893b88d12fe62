import * as vscode from 'vscode';
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ApiError, Esp32OtaApi, Esp32OtaExports, PortLease } from '../../../src/editor/api/api.ts';
import type { AgentAnswer, AgentQuestion } from './protocol.ts';

// An extension as somebody else would write it: a language model's agent on one side, a tool that shares a port on the other. A test outside
// the editor asks it over loopback.

/** What events of the API told, in order. */
const events: { readonly name: string; readonly event: unknown }[] = [];
const leases = new Map<string, PortLease>();
const running = new Map<string, vscode.CancellationTokenSource>();

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const exports = await vscode.extensions.getExtension<Esp32OtaExports>('esp32-ota.esp32-ota')?.activate();
  if (exports === undefined) throw new Error('ESP32 OTA is not there');
  const api = await exports.getApi(1);
  const hear =
    (name: string) =>
    (event: unknown): void => {
      events.push({ name, event });
    };
  api.onDidChangeServer(hear('server'), undefined, context.subscriptions);
  api.onDidTransfer(hear('transfer'), undefined, context.subscriptions);
  api.onDidUpdateStep(hear('step'), undefined, context.subscriptions);
  api.onDidEndDelivery(hear('end'), undefined, context.subscriptions);
  api.onDidReadSlots(hear('slots'), undefined, context.subscriptions);
  const server = createServer((request, response) => {
    void answerTo(request, exports, api).then((answer) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(answer));
    });
  });
  server.listen(0, '127.0.0.1', () => {
    const file = vscode.workspace.getConfiguration('agentTest').get<string>('portFile') ?? '';
    if (file !== '') writeFileSync(file, String((server.address() as AddressInfo).port));
  });
  context.subscriptions.push({ dispose: () => server.close() });
}

async function answerTo(request: IncomingMessage, exports: Esp32OtaExports, api: Esp32OtaApi): Promise<AgentAnswer> {
  try {
    let body = '';
    for await (const piece of request.setEncoding('utf8')) body += String(piece);
    return { value: await act(JSON.parse(body) as AgentQuestion, exports, api) };
  } catch (error) {
    const { name, message, code } = error as Partial<ApiError>;
    return { error: { name: name ?? '', message: message ?? String(error), code: code ?? '' } };
  }
}

async function act(question: AgentQuestion, exports: Esp32OtaExports, api: Esp32OtaApi): Promise<unknown> {
  switch (question.do) {
    case 'tools':
      return vscode.lm.tools
        .filter(({ name }) => name.startsWith('esp32ota_'))
        .map(({ name, tags }) => ({ name, tags }));
    case 'invoke': {
      const source = new vscode.CancellationTokenSource();
      running.set(question.tool, source);
      const options = { input: question.input, toolInvocationToken: undefined };
      const { content } = await vscode.lm.invokeTool(question.tool, options, source.token);
      return content.map((part) => (part instanceof vscode.LanguageModelTextPart ? part.value : ''));
    }
    case 'cancel':
      running.get(question.tool)?.cancel();
      return undefined;
    case 'events':
      return events;
    case 'exports':
      return { apiVersions: exports.apiVersions, version: api.version, isFrozen: Object.isFrozen(api) };
    case 'server':
      return { server: api.server(), certificate: await api.trustedCertificate() };
    case 'unknownVersion':
      return (exports.getApi as (version: number) => Promise<unknown>)(99);
    case 'lease': {
      const lease = await api.leasePort(question.port, {
        name: question.name,
        onYield: () => {
          events.push({ name: 'yielded', event: question.port });
          return Promise.resolve();
        },
        onResume: () => {
          events.push({ name: 'resumed', event: question.port });
        },
      });
      leases.set(question.port, lease);
      return lease.isHeld;
    }
    case 'release':
      await leases.get(question.port)?.release();
      return undefined;
    case 'holder':
      return (await api.portHolder(question.port)) ?? null;
    case 'command':
      return (await vscode.commands.executeCommand(question.command, ...(question.arguments ?? []))) ?? null;
    case 'runTask': {
      const task = (await vscode.tasks.fetchTasks()).find(({ name }) => name === question.name);
      if (task === undefined) throw new Error(`there is no task ${question.name}`);
      await vscode.tasks.executeTask(task);
      return undefined;
    }
    case 'endTask':
      vscode.tasks.taskExecutions.find(({ task }) => task.name === question.name)?.terminate();
      return undefined;
    case 'openTerminal':
      vscode.window.createTerminal({ name: question.name, cwd: question.cwd }).show();
      return undefined;
    case 'runInTerminal': {
      const terminal = vscode.window.terminals.find(({ name }) => name === question.name);
      if (terminal === undefined) throw new Error(`there is no terminal ${question.name}`);
      const shell = await shellOf(terminal);
      const last = question.commandLines.length - 1;
      for (const [index, commandLine] of question.commandLines.entries()) {
        const ended = new Promise<void>((resolve) => {
          const hearing = vscode.window.onDidEndTerminalShellExecution(({ execution }) => {
            if (execution !== running) return;
            hearing.dispose();
            resolve();
          });
        });
        const running = shell.executeCommand(commandLine);
        if (index < last) await ended;
      }
      return undefined;
    }
    case 'closeTerminal':
      for (const terminal of vscode.window.terminals) if (terminal.name.startsWith(question.name)) terminal.dispose();
      return undefined;
  }
}

/** What tells of the commands in a terminal, which is there when the shell has begun. */
function shellOf(terminal: vscode.Terminal): Promise<vscode.TerminalShellIntegration> {
  return new Promise((resolve) => {
    const hearing = vscode.window.onDidChangeTerminalShellIntegration((event) => {
      if (event.terminal !== terminal) return;
      hearing.dispose();
      resolve(event.shellIntegration);
    });
    if (terminal.shellIntegration === undefined) return;
    hearing.dispose();
    resolve(terminal.shellIntegration);
  });
}
