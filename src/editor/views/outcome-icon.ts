import type { ImageCheck } from '../../image/verify-image.ts';

/** Icon and colour of an outcome. The green of tests is too pale on light themes. */
export function outcomeIcon(outcome: ImageCheck['outcome']): { icon: string; color?: string } {
  const icons: Record<ImageCheck['outcome'], { icon: string; color?: string }> = {
    passed: { icon: 'pass', color: 'charts.green' },
    failed: { icon: 'error', color: 'testing.iconFailed' },
    warned: { icon: 'warning', color: 'list.warningForeground' },
    skipped: { icon: 'circle-outline' },
  };
  return icons[outcome];
}
