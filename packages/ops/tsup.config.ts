import { library } from '../../tsup.base.ts';

// Only tfjs's gradient registrations are bundled: their files are ESM that plain Node cannot load.
export default library(['src/index.ts', 'src/cpu.ts'], {
  noExternal: [/register_all_gradients/],
  external: ['@tensorflow/tfjs-backend-cpu'],
});
