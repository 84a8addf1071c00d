import { checkRange, DistillError } from './distill-error.ts';

/** Coefficients of the distillation scaling law, to be fitted to one's own runs. */
export interface DistillationLaw {
  c0: number;
  c1: number;
  d1: number;
  f1: number;
  /** A′, α′, B′, β′ and γ′ of the last factor */
  a: number;
  alpha: number;
  b: number;
  beta: number;
  gamma: number;
}

/** Sizes and losses a prediction is made for. */
export interface DistillationCase {
  /** L_T, nats a token */
  teacherLoss: number;
  /** L̃_S, of the same student on the same tokens without a teacher */
  supervisedLoss: number;
  /** N_S */
  studentParameters: number;
  /** D_S, tokens of distillation */
  tokens: number;
}

/**
 * A distilled student's loss by Apple's law, L_T + L_T^−c0·(1 + (L_T / (L̃_S·d1))^(1/f1))^(−c1·f1)·(A′/N^α′ + B′/D^β′)^γ′.
 *
 * Source: Busbridge et al., arXiv 2502.08606.
 *
 * @throws DistillError `BAD_OPTION`
 */
export function predictStudentLoss(law: DistillationLaw, given: DistillationCase): number {
  for (const [name, value] of Object.entries(given)) checkRange(name, value, Number.MIN_VALUE, Number.MAX_VALUE);
  const { teacherLoss, supervisedLoss, studentParameters, tokens } = given;
  const ratio = teacherLoss / (supervisedLoss * law.d1);
  const gap = (1 + ratio ** (1 / law.f1)) ** (-law.c1 * law.f1);
  const size = (law.a / studentParameters ** law.alpha + law.b / tokens ** law.beta) ** law.gamma;
  return teacherLoss + teacherLoss ** -law.c0 * gap * size;
}

/**
 * The teacher under which the law expects the best student: a better teacher can make a worse student (capacity gap).
 *
 * @returns index into `teacherLosses`
 * @throws DistillError `BAD_OPTION` when there is none
 */
export function bestTeacher(
  law: DistillationLaw,
  teacherLosses: readonly number[],
  student: Omit<DistillationCase, 'teacherLoss'>,
): number {
  if (teacherLosses.length === 0) throw new DistillError('BAD_OPTION', 'teacherLosses must name at least one teacher');
  const expected = teacherLosses.map((teacherLoss) => predictStudentLoss(law, { ...student, teacherLoss }));
  return expected.indexOf(Math.min(...expected));
}

/** A value that changes over training: `from` until `start`, in a straight line to `to` at `end`, and that from there on. */
export interface Ramp {
  from: number;
  to: number;
  /** share of training, default 0 */
  start?: number;
  /** share of training, default 1 */
  end?: number;
}

/** Value of a ramp (of alpha or temperature, say) when a share `progress` of training is done. */
export function rampAt({ from, to, start = 0, end = 1 }: Ramp, progress: number): number {
  checkRange('start', start, 0, end);
  checkRange('end', end, start, 1);
  if (progress <= start) return from;
  if (progress >= end) return to;
  return from + ((progress - start) / (end - start)) * (to - from);
}
