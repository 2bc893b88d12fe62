import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { useWorkbench } from './harness/use-workbench.ts';
import { waitUntil } from './harness/wait-until.ts';

// That the driver sees what is there: each of its parts against VS Code itself. The commands of the extension have test files of their own.
const workbench = useWorkbench();

it('opens a copy of the example with the extension activated', async () => {
  expect(workbench.folder()).toMatch(/simple_ota$/);
  expect(await workbench.offersCommand('Developer: Reload Window')).toBe(true);
  expect(await workbench.offersCommand('Developer: Reload Windmill')).toBe(false);
});

it('walks through a tree with mouse and menus', async () => {
  const explorer = workbench.view('simple_ota');
  await explorer.expand('main');
  await explorer.reveal('simple_ota.c');
  expect((await explorer.rows()).map((row) => [row.level, row.label])).toContainEqual([2, 'simple_ota.c']);
  expect(await explorer.menu('version.txt')).toContain('Copy Relative Path');

  await explorer.click('version.txt');
  await workbench.editors.shown('version.txt');
  expect(await workbench.editors.lines()).toEqual(['1.0.0', '']);
  await workbench.editors.open('main/simple_ota.c');
  expect(await workbench.editors.tabs()).toEqual(['version.txt', 'simple_ota.c']);
});

it('reads a modal dialog and answers it', async () => {
  writeFileSync(workbench.inFolder('unwanted.txt'), 'nothing of worth\n');
  await workbench.view('simple_ota').clickMenu('unwanted.txt', 'Delete Permanently');
  const { message, buttons } = await workbench.dialogs.shown();
  expect(message).toContain('unwanted.txt');
  expect(buttons).toContain('Delete');
  await workbench.dialogs.cancel();
});

it('answers input boxes and pick lists', async () => {
  await workbench.editors.open('main/simple_ota.c');
  await workbench.runCommand('Go to Line/Column...');
  await workbench.quickInput.type(':3');
  await workbench.quickInput.accept();
  await workbench.statusBar.item('Ln 3, Col 1').waitFor();

  await workbench.runCommand('Change End of Line Sequence');
  expect(await workbench.quickInput.labels()).toEqual(expect.arrayContaining(['LF', 'CRLF']));
  await workbench.quickInput.pick('CRLF');
  await workbench.statusBar.item('CRLF').waitFor();
  await workbench.runCommand('File: Revert File');
});

it('reads notifications and clicks their buttons', async () => {
  await workbench.editors.open('version.txt');
  await workbench.page().keyboard.type('1.1.0');
  writeFileSync(workbench.inFolder('version.txt'), 'changed meanwhile\n');
  await workbench.press('Control+s');
  expect(await workbench.notifications.shown('version.txt')).toContain('newer');
  expect(await workbench.notifications.buttons('version.txt')).toContain('Overwrite');
  await workbench.notifications.click('version.txt', 'Overwrite');
  await workbench.notifications.hidden('version.txt');
  await waitUntil(() => readFileSync(workbench.inFolder('version.txt'), 'utf8').startsWith('1.1.0'), 'the saved file');
});

it('reads output, problems and the terminal', async () => {
  await workbench.output.show('Extension Host (Remote)');
  await expect.poll(async () => (await workbench.output.lines()).join('\n')).toContain('[info]');

  writeFileSync(workbench.inFolder('broken.json'), '{ "a": }');
  await workbench.editors.open('broken.json');
  await waitUntil(
    async () => (await workbench.problems.rows()).some((row) => row.startsWith('Value expected')),
    'a problem',
  );

  await workbench.runCommand('Terminal: Create New Terminal');
  await workbench.terminal.type('echo $((40 + 2))\n');
  await waitUntil(async () => (await workbench.terminal.lines()).includes('42'), 'what the shell prints');
});

it('changes settings and themes while the window is open', async () => {
  await workbench.setTheme('light');
  await workbench.setTheme('high contrast');
  await workbench.setTheme('dark');
});
