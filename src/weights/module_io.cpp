// SPDX-License-Identifier: MIT
#include "stgmamba/weights/module_io.hpp"

#include "stgmamba/io/pth.hpp"
#include "stgmamba/io/safetensors.hpp"
#include "stgmamba/util/check.hpp"

namespace stgmamba::weights {
namespace fs = std::filesystem;
namespace {

struct Pair {
  io::DType file;
  at::ScalarType torch;
};
constexpr Pair kTypes[] = {{io::DType::kF64, at::kDouble}, {io::DType::kF32, at::kFloat},
                           {io::DType::kF16, at::kHalf},   {io::DType::kBF16, at::kBFloat16},
                           {io::DType::kI64, at::kLong},   {io::DType::kI32, at::kInt},
                           {io::DType::kI16, at::kShort},  {io::DType::kI8, at::kChar},
                           {io::DType::kU8, at::kByte},    {io::DType::kBool, at::kBool}};

bool named_pth(const fs::path& path) {
  return path.extension() == ".pth" || path.extension() == ".pt";
}

}  // namespace

std::map<std::string, torch::Tensor> named_tensors(const torch::nn::Module& module) {
  std::map<std::string, torch::Tensor> tensors;
  for (const auto& entry : module.named_parameters()) {
    tensors[entry.key()] = entry.value();
  }
  for (const auto& entry : module.named_buffers()) {
    tensors[entry.key()] = entry.value();
  }
  return tensors;
}

std::int64_t parameter_count(const torch::nn::Module& module) {
  std::int64_t count = 0;
  for (const torch::Tensor& parameter : module.parameters()) {
    count += parameter.numel();
  }
  return count;
}

io::Array to_array(const torch::Tensor& tensor) {
  const torch::Tensor host = tensor.detach().to(torch::kCPU).contiguous();
  for (const Pair& pair : kTypes) {
    if (pair.torch == host.scalar_type()) {
      io::Array array{pair.file, host.sizes().vec(), std::vector<std::byte>(host.nbytes())};
      if (host.nbytes() > 0) {
        std::memcpy(array.bytes.data(), host.data_ptr(), host.nbytes());
      }
      return array;
    }
  }
  throw BugError("[to_array] no file type for {}", c10::toString(host.scalar_type()));
}

torch::Tensor to_tensor(const io::Array& array) {
  for (const Pair& pair : kTypes) {
    if (pair.file == array.dtype) {
      torch::Tensor tensor = torch::empty(array.shape, torch::TensorOptions(pair.torch));
      if (!array.bytes.empty()) {
        std::memcpy(tensor.data_ptr(), array.bytes.data(), array.bytes.size());
      }
      return tensor;
    }
  }
  throw BugError("[to_tensor] no torch type for {}", io::name_of(array.dtype));
}

Arrays read_weights(const fs::path& path) {
  return io::is_pth(path) || named_pth(path) ? io::read_pth(path).tensors : io::read_safetensors(path).tensors;
}

fs::path find_weights(const fs::path& folder, const std::string& name) {
  for (const char* extension : {".safetensors", ".pth"}) {
    if (fs::path path = folder / (name + extension); fs::exists(path)) {
      return path;
    }
  }
  return {};
}

fs::path weights_in(const fs::path& folder, const std::string& name) {
  fs::path path = find_weights(folder, name);
  if (path.empty()) {
    throw CheckpointError("{}: holds no {}.safetensors and no {}.pth", folder.string(), name, name);
  }
  return path;
}

void save_module(const fs::path& path, const torch::nn::Module& module,
                 const std::map<std::string, std::string>& metadata) {
  io::Safetensors content;
  content.metadata = metadata;
  for (const auto& [name, tensor] : named_tensors(module)) {
    content.tensors.emplace(name, to_array(tensor));
  }
  if (named_pth(path)) {
    io::write_pth(path, content.tensors);
  } else {
    io::write_safetensors(path, content);
  }
}

Match load_module(const fs::path& path, torch::nn::Module& module, const LoadOptions& options) {
  return load_named(read_weights(path), module, path.string(), options);
}

void load_matched(const Match& match, const Arrays& tensors, torch::nn::Module& module, bool finite) {
  if (!match.fits()) {
    throw CheckpointError("{}: the weights do not fit this network: {}", match.origin, match.problem());
  }
  const torch::NoGradGuard no_grad;
  std::map<std::string, torch::Tensor> own = named_tensors(module), found;
  for (const MatchRow& row : match.rows) {
    if (row.fit != Fit::kMatched) {
      continue;
    }
    torch::Tensor tensor = to_tensor(tensors.at(row.from));
    if (finite && !torch::isfinite(tensor).all().item<bool>()) {
      throw CheckpointError("{}: '{}' holds values that are not finite; take weights from before it diverged",
                            match.origin, row.from);
    }
    found.emplace(row.name, std::move(tensor));
  }
  for (const auto& [name, tensor] : found) {  // all are sound: only now is anything changed
    own.at(name).copy_(tensor);
  }
}

Match load_named(const Arrays& tensors, torch::nn::Module& module, const std::string& origin,
                 const LoadOptions& options) {
  Match match = match_names(tensors, module, origin, options);
  load_matched(match, tensors, module);
  return match;
}

}  // namespace stgmamba::weights
