export { drawAsSvg } from './draw-schedule.ts';
export { curveOf, formatPlan, planPage } from './format-plan.ts';
export { makePlan, type Finding, type Plan } from './make-plan.ts';
