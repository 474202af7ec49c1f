// SPDX-License-Identifier: MIT
#include "stgmamba/weights/module_io.hpp"

#include "stgmamba/util/check.hpp"
#include "stgmamba/util/text.hpp"

namespace stgmamba::weights {
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

std::string shape_text(at::IntArrayRef shape) {
  return fmt::format("[{}]", fmt::join(shape.begin(), shape.end(), ", "));
}

/// At most eight names of a list, so that an error stays one readable line.
std::string some(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 8;
  std::vector<std::string> shown(names.begin(),
                                 names.begin() + static_cast<std::ptrdiff_t>(std::min(kShown, names.size())));
  return util::join(shown, ", ") + (names.size() > kShown ? fmt::format(" and {} more", names.size() - kShown) : "");
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

void save_module(const std::filesystem::path& path, const torch::nn::Module& module,
                 const std::map<std::string, std::string>& metadata) {
  io::Safetensors content;
  content.metadata = metadata;
  for (const auto& [name, tensor] : named_tensors(module)) {
    content.tensors.emplace(name, to_array(tensor));
  }
  io::write_safetensors(path, content);
}

void load_module(const std::filesystem::path& path, torch::nn::Module& module) {
  load_named(io::read_safetensors(path).tensors, module, path.string());
}

void load_named(const std::map<std::string, io::Array>& tensors, torch::nn::Module& module, const std::string& origin) {
  std::map<std::string, torch::Tensor> own = named_tensors(module);
  std::vector<std::string> missing;
  std::vector<std::string> misshaped;
  std::vector<std::string> unexpected;
  for (const auto& [name, tensor] : own) {
    const auto found = tensors.find(name);
    if (found == tensors.end()) {
      missing.push_back(name);
    } else if (tensor.sizes() != at::IntArrayRef(found->second.shape)) {
      misshaped.push_back(
          fmt::format("{} ({} here, {} there)", name, shape_text(tensor.sizes()), shape_text(found->second.shape)));
    }
  }
  for (const auto& [name, array] : tensors) {
    if (own.count(name) == 0) {
      unexpected.push_back(name);
    }
  }
  if (!missing.empty() || !misshaped.empty() || !unexpected.empty()) {
    std::string what;
    const auto add = [&](const char* kind, const std::vector<std::string>& names) {
      if (!names.empty()) {
        what += fmt::format("{}{} {}: {}", what.empty() ? "" : "; ", names.size(), kind, some(names));
      }
    };
    add("missing", missing);
    add("unexpected", unexpected);
    add("of another shape", misshaped);
    throw CheckpointError("{}: the weights do not fit this network: {}", origin, what);
  }
  const torch::NoGradGuard no_grad;
  for (auto& [name, tensor] : own) {
    tensor.copy_(to_tensor(tensors.at(name)));
  }
}

}  // namespace stgmamba::weights
