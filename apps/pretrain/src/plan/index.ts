export { drawAsSvg } from './draw-schedule.ts';
export { curveOf, formatPlan, planPage } from './format-plan.ts';
export { makePlan } from './make-plan.ts';
