import { vi } from 'vitest';
import { installJasmine, jasmineUtil } from './fixtures/jasmine-bridge.ts';

/** The kernels a transformer trains with, set-up included, and the files of tfjs-core's own tests that are about them. */
const TESTS_OF_KERNELS: Readonly<Record<string, readonly string[]>> = {
  Add: ['add_test', 'binary_ops_test'],
  AddN: ['add_n_test'],
  ArgMax: ['arg_max_test'],
  BatchMatMul: ['mat_mul_test'],
  Cast: ['operation_test'],
  Concat: ['concat_test', 'concat_util_test'],
  Cos: ['cos_test'],
  Equal: ['equal_test'],
  Exp: ['exp_test'],
  Fill: ['fill_test'],
  Floor: ['floor_test'],
  GatherV2: ['gather_test'],
  Identity: ['clone_test'],
  Log: ['log_test', 'log_sum_exp_test', 'log_softmax_test'],
  Max: ['max_test'],
  Mean: ['mean_test'],
  Minimum: ['binary_ops_test'],
  Multinomial: ['multinomial_test'],
  Multiply: ['arithmetic_test'],
  Neg: ['neg_test'],
  OneHot: ['one_hot_test'],
  Pow: ['arithmetic_test'],
  Range: ['range_test'],
  RealDiv: ['arithmetic_test'],
  Reshape: ['squeeze_test', 'expand_dims_test'],
  Rsqrt: ['rsqrt_test'],
  Sigmoid: ['sigmoid_test'],
  Sin: ['sin_test'],
  Slice: ['slice_test', 'slice1d_test', 'slice2d_test', 'slice3d_test', 'slice4d_test'],
  Softmax: ['softmax_test'],
  SplitV: ['split_test'],
  Sqrt: ['sqrt_test'],
  Square: ['square_test'],
  Sub: ['sub_test'],
  Sum: ['sum_test'],
  Tile: ['tile_test'],
  TopK: ['topk_test'],
  Transpose: ['transpose_test'],
  UnsortedSegmentSum: ['unsorted_segment_sum_test'],
  ZerosLike: ['zeros_like_test'],
};

const TENSORFLOW = {
  'multinomial: creates the same data given the same seed': 'TensorFlow goes on counting from call to call',
};
const COUNTS_ALL = 'it counts all tensors of the process, and other test files have made some';

vi.mock('@tensorflow/tfjs-core/dist/jasmine_util.js', () =>
  jasmineUtil(({ name }) => ({
    ...(name === 'tensorflow' ? TENSORFLOW : {}),
    'shallow slicing: delayed async read of sliced tensor has no mem leak': COUNTS_ALL,
    'shallow slicing: delayed sync read of sliced tensor has no mem leak': COUNTS_ALL,
  })),
);
installJasmine();
for (const file of new Set(Object.values(TESTS_OF_KERNELS).flat())) {
  await import(/* @vite-ignore */ `@tensorflow/tfjs-core/dist/ops/${file}.js`);
}
