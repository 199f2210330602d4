/** Where the statements about targets are from: one name for each page. It must not say anything itself. */

/** Small graphs in onnxruntime-web 1.30.0, a statement each. */
export const MEASURED = 'measured: bench/target-statements.ts';
/** Integer layers as they stand in models, with what turning values into codes costs. */
export const MEASURED_LAYERS = 'measured: bench/cost-model.ts';
export const ORT_RELU =
  'https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/core/optimizer/qdq_transformer/relu_quantizelinear.cc';
export const ORT_FOLDING =
  'https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/core/optimizer/constant_folding.cc';
export const ORT_CASTS =
  'https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/core/optimizer/insert_cast_transformer.cc';
export const WEBGPU_F16 = 'https://www.w3.org/TR/webgpu/#shader-f16';
export const OPENVINO_FOLDING =
  'https://docs.openvino.ai/2025/api/c_cpp_api/classov_1_1pass_1_1_constant_folding.html';
export const TVM_FOLDING = 'https://github.com/apache/tvm/blob/main/src/relax/transform/fold_constant.cc';
export const ONNX_DEQUANTIZE = 'https://onnx.ai/onnx/operators/onnx__DequantizeLinear.html';
export const ORT_QUANTIZATION =
  'https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html';
export const ORT_CONTRIB = 'https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md';
export const ORT_WEBGPU_OPERATORS =
  'https://github.com/microsoft/onnxruntime/blob/main/js/web/docs/webgpu-operators.md';
export const ORT_WEBNN_OPERATORS =
  'https://github.com/microsoft/onnxruntime/blob/main/js/web/docs/webnn-operators.md';
export const ORT_WEBNN = 'https://onnxruntime.ai/docs/tutorials/web/ep-webnn.html';
export const ORT_WEBGPU_BLOCK_BUG = 'https://github.com/microsoft/onnxruntime/issues/32730';
export const TRT_TYPES =
  'https://docs.nvidia.com/deeplearning/tensorrt/latest/inference-library/work-with-quantized-types.html';
export const TRT_EXPLICIT =
  'https://docs.nvidia.com/deeplearning/tensorrt/latest/inference-library/quantized-types-explicit-quantization.html';
export const TRT_RESIDUAL =
  'https://docs.nvidia.com/deeplearning/tensorrt/tensorflow-quantization-toolkit/docs/docs/add_custom_qdq_cases.html';
export const TRT_OPSETS =
  'https://docs.nvidia.com/deeplearning/tensorrt/latest/reference/onnx-opset-guide.html';
export const TRT_OPERATORS = 'https://github.com/onnx/onnx-tensorrt/blob/main/docs/operators.md';
export const OPENVINO_INT8 =
  'https://docs.openvino.ai/2024/documentation/openvino-ir-format/intermediate-representation-int8-inference.html';
export const OPENVINO_LPT = 'https://docs.openvino.ai/latest/openvino_docs_OV_UG_lpt.html';
export const OPENVINO_SATURATION = 'https://docs.openvino.ai/latest/pot_saturation_issue.html';
export const OPENVINO_OPERATORS =
  'https://github.com/openvinotoolkit/openvino/blob/master/src/frontends/onnx/docs/supported_ops.md';
export const TFLITE_SPEC = 'https://ai.google.dev/edge/litert/models/quantization_spec';
export const TVM_QDQ = 'https://github.com/apache/tvm/pull/19391';
export const TVM_QDQ_MODERN = 'https://github.com/apache/tvm/pull/19993';
export const TVM_FAKE_QUANTIZATION = 'https://github.com/apache/tvm/pull/8126';
export const TVM_IMPORTER =
  'https://github.com/apache/tvm/blob/main/python/tvm/relax/frontend/onnx/onnx_frontend.py';
export const TVM_CONTRIB = 'https://github.com/apache/tvm/issues/17197';
export const OPENVINO_DEQUANTIZE =
  'https://github.com/openvinotoolkit/openvino/blob/master/src/frontends/onnx/frontend/src/op/dequantize_linear.cpp';
export const WEBNN_BLOCKS = 'https://www.w3.org/TR/webnn/#api-mlgraphbuilder-dequantizelinear';
