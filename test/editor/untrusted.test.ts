import { expect, it } from 'vitest';
import { useWorkbench } from './harness/use-workbench.ts';

const workbench = useWorkbench({ isTrusted: false });

it('opens a folder in restricted mode', async () => {
  await workbench.statusBar.item('Restricted Mode').waitFor();
  await workbench.screenshot('restricted');
  expect(workbench.folder()).toMatch(/simple_ota$/);
});
