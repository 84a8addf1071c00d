import { QualityError } from './quality-error.ts';

/**
 * Which code state to reproduce.
 * - `fineweb-2024`: datatrove v0.2.0 (April 2024), the filters that made FineWeb.
 * - `fineweb-head`: datatrove 0.10, the rules as they stand today. The default everywhere.
 */
export type Preset = 'fineweb-2024' | 'fineweb-head';

/** The presets, oldest first. */
export const PRESETS: readonly Preset[] = ['fineweb-2024', 'fineweb-head'];

/**
 * Passes a preset through.
 *
 * @throws QualityError `INVALID_OPTION` when it is not one of {@link PRESETS}
 */
export function checkPreset(preset: Preset): Preset {
  if (PRESETS.includes(preset)) return preset;
  throw new QualityError(
    'INVALID_OPTION',
    `preset: expected one of ${PRESETS.map((name) => `"${name}"`).join(', ')}, got ${JSON.stringify(preset)}`,
  );
}
