import { Diagnostic, DiagnosticSeverity, Range, Uri } from 'vscode';
import type { FindingId, Severity } from '../doctor/finding-ids.ts';
import type { Finding, FindingRange } from '../doctor/finding.ts';
import { commandId } from '../texts/contributions.ts';
import { findingText } from '../texts/finding-texts.ts';

const SEVERITIES: Readonly<Record<Severity, DiagnosticSeverity>> = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  information: DiagnosticSeverity.Information,
};

export const DIAGNOSTIC_SOURCE = 'ESP32 OTA';

/** Opens what `docs/findings.md` says of a finding; a click on the code in the Problems panel. */
export function findingLink(id: FindingId): Uri {
  return Uri.parse(`command:${commandId('explainFinding')}?${encodeURIComponent(JSON.stringify([id]))}`);
}

/** A range of the editor, which counts from 0. */
export function toRange(range: FindingRange | undefined): Range {
  if (range === undefined) return new Range(0, 0, 0, 0);
  return new Range(range.line - 1, range.column - 1, range.line - 1, range.endColumn - 1);
}

/** Findings that have a file to blame, as the Problems panel takes them. */
export function diagnosticsOf(findings: readonly Finding[]): [Uri, Diagnostic[]][] {
  const files = new Map<string, Diagnostic[]>();
  for (const finding of findings) {
    // nobody reads an image as a text
    if (finding.path === undefined || finding.path.endsWith('.bin')) continue;
    const diagnostic = new Diagnostic(toRange(finding.range), findingText(finding), SEVERITIES[finding.severity]);
    diagnostic.source = DIAGNOSTIC_SOURCE;
    diagnostic.code = { value: finding.id, target: findingLink(finding.id) };
    const list = files.get(finding.path) ?? [];
    list.push(diagnostic);
    files.set(finding.path, list);
  }
  return [...files].map(([path, list]) => [Uri.file(path), list]);
}
