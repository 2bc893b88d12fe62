import { window, type CancellationToken, type Progress, type ProgressOptions } from 'vscode';
import { withoutLinks } from '../base/plain-text.ts';

type Show = typeof window.showInformationMessage;

/** What boards, projects and other programs say is in our messages, and the editor makes links of `[title](command:…)` in any of them. */
function plainly(show: () => Show): Show {
  const plain = (message: string, ...rest: never[]): Thenable<unknown> => {
    const original: (message: string, ...rest: never[]) => Thenable<unknown> = show();
    return original(withoutLinks(message), ...rest);
  };
  return plain as Show;
}

/** VS Code's own, with nothing in the message that could be clicked. */
export const showInformationMessage = plainly(() => window.showInformationMessage);
export const showWarningMessage = plainly(() => window.showWarningMessage);
export const showErrorMessage = plainly(() => window.showErrorMessage);

export interface ProgressReport {
  readonly message?: string;
  readonly increment?: number;
}

/** VS Code's own, with nothing in title and messages that could be clicked. */
export function showProgress<T>(
  options: ProgressOptions,
  work: (progress: Progress<ProgressReport>, token: CancellationToken) => Thenable<T>,
): Thenable<T> {
  const title = options.title === undefined ? {} : { title: withoutLinks(options.title) };
  return window.withProgress<T>({ ...options, ...title }, (progress, token) =>
    work(
      {
        report: (value) => {
          const { message } = value;
          progress.report(message === undefined ? value : { ...value, message: withoutLinks(message) });
        },
      },
      token,
    ),
  );
}
