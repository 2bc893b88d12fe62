import { basename } from 'node:path';
import type { Problem } from '../../idf/problem.ts';
import type { CsvProblem } from '../../image/csv-problem.ts';
import { csvProblemText } from '../error-texts/partition-csv.ts';
import { textOf } from '../error-texts.ts';
import type { TreeNode } from './tree-node.ts';

const ICONS = {
  error: { icon: 'error', color: 'testing.iconFailed' },
  warning: { icon: 'warning', color: 'list.warningForeground' },
  information: { icon: 'info' },
} as const;

/** Problems of a project's files as rows, each named by its place. */
export function problemItems(problems: readonly Problem[]): readonly TreeNode[] {
  return problems.map((problem, index) => {
    const place =
      problem.path === '' ? '' : `${basename(problem.path)}${problem.line === undefined ? '' : `:${problem.line}`}`;
    const { message } = textOf(problem.code, problem.details);
    return {
      id: `problem/${index}-${problem.code}-${problem.path}`,
      label: message,
      description: place,
      ...ICONS[problem.severity],
    };
  });
}

/** Problems of a partition CSV, each at its line. */
export function csvProblemItems(problems: readonly CsvProblem[], path: string | undefined): readonly TreeNode[] {
  return problems.map((problem, index) => ({
    id: `csv/${index}-${problem.code}`,
    label: csvProblemText(problem.code, problem.details),
    description: `${path === undefined ? '' : basename(path)}:${problem.line}:${problem.column}`,
    ...ICONS[problem.severity],
  }));
}
