import { expect, it } from 'vitest';
import { walkthroughTabs } from '../../../src/editor/walkthrough-tabs.ts';

const FILE = { input: { uri: 'main.c' } };
const PAGE_OF_VS_CODE = { input: undefined };

it('the steps are watched when a page of VS Code opens that may be the walkthrough, once, and not for files', async () => {
  const told: string[] = [];
  const look = walkthroughTabs(
    () => Promise.resolve(told.push('watched')),
    () => told.push('completed'),
  );
  look([]);
  look([FILE]);
  expect(told).toEqual([]);
  look([FILE, PAGE_OF_VS_CODE]);
  look([PAGE_OF_VS_CODE]);
  // what is so already completes its step each time, and not before the steps are watched
  expect(told).toEqual(['watched']);
  await expect.poll(() => told).toEqual(['watched', 'completed', 'completed']);
});

it('steps that need no watching are completed where watching the others fails', async () => {
  await new Promise<void>((completed) => {
    const look = walkthroughTabs(
      () => Promise.reject(new Error('a file of the extension is not there')),
      () => {
        completed();
      },
    );
    look([PAGE_OF_VS_CODE]);
  });
});
