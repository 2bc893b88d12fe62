import type { ProjectDescription } from './project-description.ts';

/** Rate of the console as the build has it, else the one that ESP-IDF begins with. */
export function consoleBaud(description: Pick<ProjectDescription, 'monitorBaud'> | undefined): number {
  return description?.monitorBaud ?? 115_200;
}
