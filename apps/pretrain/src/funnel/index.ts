export { drawFunnel } from './draw-funnel.ts';
export { funnelPage } from './funnel-page.ts';
export { readFunnel } from './read-funnel.ts';
