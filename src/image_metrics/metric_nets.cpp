// SPDX-License-Identifier: MIT
#include "stgmamba/image_metrics/metric_nets.hpp"

#include <algorithm>
#include <cmath>

#include <torch/script.h>
#include <torch/torch.h>

#include "stgmamba/image_metrics/frames.hpp"
#include "stgmamba/image_metrics/lpips.hpp"
#include "stgmamba/media/sha256.hpp"
#include "stgmamba/nn/pixel_values.hpp"
#include "stgmamba/util/check.hpp"
#include "stgmamba/util/hash.hpp"
#include "stgmamba/util/log.hpp"
#include "stgmamba/util/random.hpp"
#include "stgmamba/util/text.hpp"
#include "stgmamba/weights/module_io.hpp"

namespace stgmamba::image_metrics {

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t kFrameBatch = 16, kClipBatch = 4;
constexpr std::int64_t kInceptionSide = 299, kI3dSide = 224, kRandomSide = 128;

const NetFile& net_file(const std::string& key) {
  for (const NetFile& file : net_files()) {
    if (file.key == key) {
      return file;
    }
  }
  throw BugError("[metric nets] no file is called {}", key);
}

using Script = std::shared_ptr<torch::jit::Module>;

/// LibTorch's reports are pages long: their first line says what is wrong.
std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

Script load_script(const fs::path& path, c10::Device device) {
  try {
    auto script = std::make_shared<torch::jit::Module>(torch::jit::load(path.string(), device));
    if (!script->find_method("forward")) {
      throw CheckpointError("{}: must be a TorchScript network: it has no forward", path.string());
    }
    script->eval();
    return script;
  } catch (const c10::Error& error) {
    throw CheckpointError("{}: must be a TorchScript network: {}", path.string(),
                          first_line(error.what_without_backtrace()));
  }
}

at::Tensor call(const fs::path& path, torch::jit::Module& script, std::vector<c10::IValue> inputs, std::int64_t rows) {
  try {
    const at::Tensor out = script.forward(std::move(inputs)).toTensor();
    if (out.size(0) == rows && out.numel() > 0) {
      return out.reshape({rows, -1}).to(torch::kCPU, torch::kFloat);
    }
    throw CheckpointError("{}: must give a row of features for each of {} inputs, gave {}", path.string(), rows,
                          fmt::join(out.sizes(), "x"));
  } catch (const c10::Error& error) {
    throw CheckpointError("{}: the network fails on its input: {}", path.string(),
                          first_line(error.what_without_backtrace()));
  } catch (const torch::jit::ErrorReport& error) {
    throw CheckpointError("{}: the network fails on its input: {}", path.string(), first_line(error.what()));
  }
}

std::shared_ptr<LpipsTrunk> load_trunk(const fs::path& path, LpipsKind kind) {
  static const weights::LoadOptions kClassifier{
      weights::NameMap::parse("strip module.\nspare classifier.*\n", "[LPIPS] names"), {}};
  auto trunk = std::make_shared<LpipsTrunk>(kind);
  weights::load_module(path, *trunk, kClassifier);
  return trunk;
}

std::shared_ptr<LpipsHeads> load_heads(const fs::path& path, LpipsKind kind) {
  auto heads = std::make_shared<LpipsHeads>(kind);
  weights::load_module(path, *heads);
  return heads;
}

/// Whether a file is the one that its owners publish; nothing where no hash is known of a file of this name.
std::string published(const NetFile& file, const fs::path& path) {
  if (file.sha256.empty() || path.filename() != file.names.front()) {
    return "";
  }
  const std::string sha256 = media::sha256_file(path);
  return sha256.starts_with(file.sha256)
             ? ", known: the published file"
             : fmt::format(", unknown hash: SHA-256 {}, that of the published file begins {}", sha256, file.sha256);
}

std::map<std::string, std::string> hashes(const std::vector<fs::path>& paths) {
  std::map<std::string, std::string> all;
  for (const fs::path& path : paths) {
    all.emplace(path.filename().string(), util::hash_file(path));
  }
  return all;
}

/// He-normal weights that depend on the parameter's name alone; biases 0.
void fill_by_name(torch::nn::Module& module) {
  for (auto& entry : module.named_parameters()) {
    torch::Tensor& parameter = entry.value();
    if (parameter.dim() < 2) {
      parameter.zero_();
      continue;
    }
    std::vector<float> values(static_cast<std::size_t>(parameter.numel()));
    util::Random random(1, "random-alexnet-v1/" + entry.key());
    random.fill_normal(values, std::sqrt(2.0 / static_cast<double>(parameter[0].numel())));
    parameter.copy_(torch::tensor(values).view(parameter.sizes()));
  }
}

}  // namespace

const std::vector<NetFile>& net_files() {
  static const std::vector<NetFile> kFiles = {
      {"inception",
       {"inception-2015-12-05.pt"},
       "Inception v3 of FID and KID, TorchScript",
       "inception-2015-12-05.pt, from the metrics downloads that NVlabs/stylegan2-ada-pytorch names"},
      {"i3d",
       {"i3d_torchscript.pt"},
       "I3D of FVD, TorchScript",
       "i3d_torchscript.pt, from the link in universome/stylegan-v",
       "bec6519f66ea534e953026b4ae2c65553c17bf105611c746d904657e5860a5e2"},
      {"alexnet",
       {"alexnet-owt-7be5be79.pth", "alexnet.safetensors", "alexnet.pth"},
       "AlexNet of LPIPS, torchvision's weights",
       "https://download.pytorch.org/models/alexnet-owt-7be5be79.pth",
       "7be5be79"},
      {"vgg16",
       {"vgg16-397923af.pth", "vgg16.safetensors", "vgg16.pth"},
       "VGG16 of LPIPS, torchvision's weights",
       "https://download.pytorch.org/models/vgg16-397923af.pth",
       "397923af"},
      {"lpips_alex",
       {"lpips_alex.pth", "lpips_alex.safetensors"},
       "LPIPS heads for AlexNet",
       "lpips/weights/v0.1/alex.pth of the PyPI package lpips, renamed"},
      {"lpips_vgg",
       {"lpips_vgg.pth", "lpips_vgg.safetensors"},
       "LPIPS heads for VGG16",
       "lpips/weights/v0.1/vgg.pth of the PyPI package lpips, renamed"},
  };
  return kFiles;
}

MetricNets::MetricNets(fs::path folder, c10::Device device) : folder_(std::move(folder)), device_(device) {}

fs::path MetricNets::find(const std::string& key) const {
  for (const std::string& name : net_file(key).names) {
    if (fs::is_regular_file(folder_ / name)) {
      return folder_ / name;
    }
  }
  return {};
}

std::string MetricNets::missing(const std::vector<std::string>& keys) const {
  std::vector<std::string> parts;
  for (const std::string& key : keys) {
    if (find(key).empty()) {
      const NetFile& file = net_file(key);
      parts.push_back(fmt::format("put {} ({}) into {}", file.names.front(), file.source, folder_.string()));
    }
  }
  return util::join(parts, "; ");
}

std::string MetricNets::report() const {
  std::string text;
  const auto line = [&](const char* state, const fs::path& name, const NetFile& file, const std::string& says) {
    text += fmt::format("{:<10}  {:<28} {}: {}\n", state, name.filename().string(), file.what, says);
  };
  for (const NetFile& file : net_files()) {
    const fs::path path = find(file.key);
    if (path.empty()) {
      line("missing", file.names.front(), file, file.source);
      continue;
    }
    try {
      try_load(file.key, path);
      line("found", path, file, util::hash_file(path) + published(file, path));
    } catch (const Error& error) {
      line("unreadable", path, file, error.what());
    }
  }
  return text;
}

void MetricNets::try_load(const std::string& key, const fs::path& path) const {
  const LpipsKind kind = key.ends_with("alexnet") || key.ends_with("alex") ? LpipsKind::kAlex : LpipsKind::kVgg;
  if (key == "inception" || key == "i3d") {
    load_script(path, device_);
  } else if (key.starts_with("lpips")) {
    load_heads(path, kind);
  } else {
    load_trunk(path, kind);
  }
}

std::optional<FeatureNet> MetricNets::inception(Resize mode) const {
  const fs::path path = find("inception");
  if (path.empty()) {
    return std::nullopt;
  }
  const Script script = load_script(path, device_);
  const bool has_layers = script->hasattr("layers") && script->attr("layers").isModule();
  const Script trunk = has_layers ? std::make_shared<torch::jit::Module>(script->attr("layers").toModule()) : script;
  const c10::Device device = device_;
  return FeatureNet{hashes({path}), [=](const at::Tensor& frames) {
                      return in_batches(frames, kFrameBatch, [&](const at::Tensor& part) {
                        const at::Tensor x = resize(part.to(device), kInceptionSide, kInceptionSide, mode);
                        const at::Tensor scaled = mode == Resize::kPt ? x / 127.5 - 1.0 : (x - 128.0) / 128.0;
                        return call(path, *trunk, {scaled}, part.size(0));
                      });
                    }};
}

std::optional<FeatureNet> MetricNets::i3d() const {
  const fs::path path = find("i3d");
  if (path.empty()) {
    return std::nullopt;
  }
  const Script script = load_script(path, device_);
  // NVIDIA's form has switches for what we do ourselves; another file takes the clips alone.
  const bool switches = script->get_method("forward").function().getSchema().arguments().size() >= 5;
  const c10::Device device = device_;
  return FeatureNet{
      hashes({path}), [=](const at::Tensor& clips) {
        STG_CHECK(clips.dim() == 5 && clips.size(1) >= 9,
                  "[I3D] clips must be [N, T, 3, H, W] with 9 frames or more, got {}", fmt::join(clips.sizes(), "x"));
        return in_batches(clips, kClipBatch, [&](const at::Tensor& part) {
          const at::Tensor x = resize(part.to(device).flatten(0, 1), kI3dSide, kI3dSide, Resize::kPt) / 127.5 - 1.0;
          const at::Tensor input =
              x.unflatten(0, {part.size(0), part.size(1)}).transpose(1, 2).contiguous();  // [n, 3, T, ..]
          std::vector<c10::IValue> inputs = {input};
          if (switches) {
            inputs.insert(inputs.end(), {false, false, true});  // rescale, resize, return_features
          }
          return call(path, *script, std::move(inputs), part.size(0));
        });
      }};
}

std::optional<PairNet> MetricNets::lpips_net(const std::string& trunk_key, const std::string& heads_key,
                                             bool vgg) const {
  const fs::path trunk_path = find(trunk_key), heads_path = find(heads_key);
  if (trunk_path.empty() || heads_path.empty()) {
    return std::nullopt;
  }
  const LpipsKind kind = vgg ? LpipsKind::kVgg : LpipsKind::kAlex;
  const std::shared_ptr<LpipsTrunk> trunk = load_trunk(trunk_path, kind);
  const std::shared_ptr<LpipsHeads> heads = load_heads(heads_path, kind);
  trunk->to(device_);
  heads->to(device_);
  const c10::Device device = device_;
  return PairNet{hashes({trunk_path, heads_path}), [=](const at::Tensor& a, const at::Tensor& b) {
                   return in_batches(torch::stack({a, b}, 1), kFrameBatch, [&](const at::Tensor& part) {
                     const at::Tensor unit = nn::to_unit(part.to(device));  // [n, 2, 3, H, W]
                     return lpips(*trunk, *heads, unit.select(1, 0), unit.select(1, 1)).cpu();
                   });
                 }};
}

std::optional<PairNet> MetricNets::lpips_alex() const {
  return lpips_net("alexnet", "lpips_alex", false);
}

std::optional<PairNet> MetricNets::lpips_vgg() const {
  return lpips_net("vgg16", "lpips_vgg", true);
}

FeatureNet random_alexnet(c10::Device device) {
  const auto trunk = std::make_shared<LpipsTrunk>(LpipsKind::kAlex);
  fill_by_name(*trunk);
  trunk->to(device);
  return {{}, [=](const at::Tensor& frames) {
            return in_batches(frames, kFrameBatch, [&](const at::Tensor& part) {
              const at::Tensor x = resize(part.to(device), kRandomSide, kRandomSide, Resize::kPt) / 127.5 - 1.0;
              return trunk->stages(x).back().mean({2, 3}).cpu();  // [n, 256]
            });
          }};
}

}  // namespace stgmamba::image_metrics
