// SPDX-License-Identifier: MIT
// Named tensors in and out of modules, matched strictly by PyTorch's names.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include <torch/nn/module.h>

#include "stgmamba/io/array.hpp"
#include "stgmamba/weights/match.hpp"

namespace stgmamba::weights {

/// Parameters and buffers by name ("pose_generator.layer1.layer.0.weight"), as references.
std::map<std::string, torch::Tensor> named_tensors(const torch::nn::Module& module);
std::int64_t parameter_count(const torch::nn::Module& module);

io::Array to_array(const torch::Tensor& tensor);  // copies to the host
torch::Tensor to_tensor(const io::Array& array);  // copies

/// The tensors of a .safetensors or .pth file, told apart by content, a .pth's nested names joined by dots.
Arrays read_weights(const std::filesystem::path& path);
/// "NAME.safetensors" or else "NAME.pth" in a folder; empty when neither is there.
std::filesystem::path find_weights(const std::filesystem::path& folder, const std::string& name);
/// The same; throws CheckpointError when neither is there.
std::filesystem::path weights_in(const std::filesystem::path& folder, const std::string& name);

/// In the format that the extension names; a .pth or .pt is for PyTorch's torch.load and holds no metadata.
void save_module(const std::filesystem::path& path, const torch::nn::Module& module,
                 const std::map<std::string, std::string>& metadata = {});
/// Throws CheckpointError listing missing, unexpected and misshaped names, or naming a tensor that holds a value that
/// is not finite; changes nothing then.
Match load_module(const std::filesystem::path& path, torch::nn::Module& module, const LoadOptions& options = {});
/// Copies what a match found; throws CheckpointError, and changes nothing, where it does not fit or, with `finite`, is
/// not finite.
void load_matched(const Match& match, const Arrays& tensors, torch::nn::Module& module, bool finite = true);
Match load_named(const Arrays& tensors, torch::nn::Module& module, const std::string& origin,
                 const LoadOptions& options = {});

}  // namespace stgmamba::weights
