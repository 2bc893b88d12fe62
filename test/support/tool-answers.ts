import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ToolName } from '../../src/texts/contributions.ts';

const SCHEMA = 'media/schemas/tools.schema.json';
const ajv = new Ajv2020({ allErrors: true, strict: true, strictRequired: false, allowUnionTypes: true });
ajv.addSchema(JSON.parse(readFileSync(SCHEMA, 'utf8')) as object, 'tools');

/** What a tool answered as text, checked against its schema. */
export function toolAnswer(name: ToolName, text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text);
  const validate = ajv.getSchema(`tools#/$defs/${name}`);
  if (validate === undefined) throw new Error(`${SCHEMA} has nothing for ${name}`);
  if (validate(value) !== true) throw new Error(`${name}: ${JSON.stringify(validate.errors, undefined, 1)}\n${text}`);
  return value as Record<string, unknown>;
}

interface InputSchema {
  readonly type: string;
  readonly additionalProperties: boolean;
  readonly properties: Readonly<Record<string, { readonly type: string; readonly description: string }>>;
}

export interface DeclaredTool {
  readonly name: string;
  readonly displayName: string;
  readonly userDescription: string;
  readonly modelDescription: string;
  readonly toolReferenceName: string;
  readonly canBeReferencedInPrompt: boolean;
  readonly icon: string;
  readonly inputSchema: InputSchema;
}

export function declaredTools(): readonly DeclaredTool[] {
  const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
    contributes: { languageModelTools: readonly DeclaredTool[] };
  };
  return manifest.contributes.languageModelTools;
}

/** What tells whether the schema of package.json takes an input. */
export function acceptsInput({ inputSchema }: DeclaredTool): (input: unknown) => boolean {
  return new Ajv2020({ strict: true }).compile(inputSchema) as (input: unknown) => boolean;
}
