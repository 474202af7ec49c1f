// SPDX-License-Identifier: MIT
// Named tensors in and out of modules, matched strictly by PyTorch's names.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include <torch/nn/module.h>

#include "stgmamba/io/safetensors.hpp"

namespace stgmamba::weights {

/// Parameters and buffers by name ("pose_generator.layer1.layer.0.weight"), as references.
std::map<std::string, torch::Tensor> named_tensors(const torch::nn::Module& module);
std::int64_t parameter_count(const torch::nn::Module& module);

io::Array to_array(const torch::Tensor& tensor);  // copies to the host
torch::Tensor to_tensor(const io::Array& array);  // copies

void save_module(const std::filesystem::path& path, const torch::nn::Module& module,
                 const std::map<std::string, std::string>& metadata = {});
/// Throws CheckpointError listing missing, unexpected and misshaped names; changes nothing then.
void load_module(const std::filesystem::path& path, torch::nn::Module& module);
void load_named(const std::map<std::string, io::Array>& tensors, torch::nn::Module& module, const std::string& origin);

}  // namespace stgmamba::weights
