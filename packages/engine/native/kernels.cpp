// All kernels for one instruction set. The build compiles this file once for each, with SMOL_SET as its name.
#include "attention-gradient.h"
#include "attention.h"
#include "elementwise.h"
#include "kernel.h"
#include "multiply.h"
#include "rearrange.h"
#include "reduce.h"
#include "rows.h"
#include "teacher-losses.h"

#define SMOL_TEXT(name) #name
#define SMOL_NAME(name) SMOL_TEXT(name)

namespace smol {
namespace SMOL_SET {

static const Kernel kKernels[] = {
    {"packA", withPrecision<PackA>},
    {"packB", withPrecision<PackB>},
    {"multiplyRows", withPrecision<Rows>},
    {"multiplyColumns", withPrecision<Columns>},
    {"multiplyDeep", withPrecision<Deep>},
    {"multiplyVectors", multiplyVectors},
    {"attention", attention},
    {"attentionGradient", attentionGradient},
    {"unary", unary},
    {"binary", binary},
    {"binaryBroadcast", binaryBroadcast},
    {"swiglu", swiglu},
    {"swigluGradient", swigluGradient},
    {"adamw", adamw},
    {"sumRows", sumRows},
    {"sumColumns", sumColumns},
    {"sumBlocks", sumBlocks},
    {"squareBlocks", squareBlocks},
    {"sumPartials", sumPartials},
    {"softmaxRows", softmaxRows},
    {"crossEntropy", crossEntropy},
    {"crossEntropyGradient", crossEntropyGradient},
    {"softCrossEntropy", softCrossEntropy},
    {"softCrossEntropyGradient", softCrossEntropyGradient},
    {"sparseCrossEntropy", sparseCrossEntropy},
    {"sparseCrossEntropyGradient", sparseCrossEntropyGradient},
    {"permuteRows", permuteRows},
    {"transposeMatrix", transposeMatrix},
    {"gatherRows", gatherRows},
    {"scatterAddRows", scatterAddRows},
    {"rmsNorm", rmsNorm},
    {"rmsNormGradient", rmsNormGradient},
    {"rope", rope},
};

extern const KernelTable kTable = {
    SMOL_NAME(SMOL_SET), kPanelColumns, kRowGroup, kKernels, sizeof kKernels / sizeof *kKernels,
};

}  // namespace SMOL_SET
}  // namespace smol
