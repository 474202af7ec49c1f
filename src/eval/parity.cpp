// SPDX-License-Identifier: MIT
#include "stgmamba/eval/parity.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>

#include "stgmamba/data/batch.hpp"
#include "stgmamba/io/safetensors.hpp"
#include "stgmamba/util/file.hpp"
#include "stgmamba/util/random.hpp"
#include "stgmamba/weights/module_io.hpp"

namespace stgmamba::eval {
namespace fs = std::filesystem;
namespace {

using Named = std::map<std::string, at::Tensor>;

constexpr const char* kTheirs = "outputs_theirs.safetensors";

/// Clicks on a beat, a gliding tone and a little noise: every part of an audio encoder has something to hear.
at::Tensor test_audio(const ParityOptions& options) {
  std::vector<float> samples;
  for (std::int64_t b = 0; b < options.batch; ++b) {
    util::Random random(options.seed, "parity audio", static_cast<std::uint64_t>(b));
    const double beat = random.uniform(0.4, 0.7), pitch = random.uniform(110.0, 440.0);
    for (std::int64_t i = 0; i < options.frames * data::kSamplesPerFrame; ++i) {
      const double t = static_cast<double>(i) / data::kSampleRate;
      const double click = std::exp(-60.0 * std::fmod(t, beat)) * random.uniform(-0.5, 0.5);
      const double tone = 0.2 * std::sin(2.0 * std::numbers::pi * pitch * t * (1.0 + 0.05 * t));
      samples.push_back(static_cast<float>(click + tone + 0.01 * random.normal()));
    }
  }
  return torch::tensor(samples).view({options.batch, options.frames, data::kSamplesPerFrame});  // [B, F, 1600]
}

void save(const fs::path& path, const Named& tensors) {
  io::Safetensors content;
  for (const auto& [name, tensor] : tensors) {
    content.tensors.emplace(name, weights::to_array(tensor.detach()));
  }
  io::write_safetensors(path, content);
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

std::string readme(const ParityOptions& options, const std::string& model, std::int64_t parameters) {
  const char* dtype = options.float64 ? "float64" : "float32";
  return fmt::format(R"(# Parity bundle of {0}

Everything needed to check a twin of this network in another framework. {1} parameters, {2}. {3}

| file | holds |
|---|---|
| `weights.safetensors` | parameters and buffers, by PyTorch's names |
| `inputs.safetensors` | `audio` [{4}, {5}, 1600] (mono, 16 kHz, 0.1 s a frame, in [-1, 1]), `z` [{4}, {5}, 10] |
| `outputs.safetensors` | `tokens` [{4}, {5}, 256] (the encoded music), `output` [{4}, {5}, 18, 2] (x/320-1, y/180-1), `loss` [1] = mean of abs(output) |
| `gradients.safetensors` | derivative of `loss` by every parameter, and by `audio` and `z` |
| `config.yaml` | the model section that made the network |

Load the weights into your network, run it on `audio` and `z` in evaluation mode, differentiate mean |output|, and write
`outputs_theirs.safetensors` here with any of `output` (needed), `tokens`, `loss` and `grad.<name>`:

```python
from safetensors.torch import load_file, save_file
inputs = load_file("inputs.safetensors")
network.load_state_dict(load_file("weights.safetensors"))
network = network.{6}().eval()
output = network(inputs["audio"], inputs["z"])
loss = output.abs().mean()
loss.backward()
theirs = {{"output": output.detach().contiguous(), "loss": loss.detach().reshape(1)}}
theirs |= {{"grad." + name: p.grad for name, p in network.named_parameters()}}
save_file(theirs, "outputs_theirs.safetensors")
```

Then `stg_eval --parity DIR --check` prints the differences.
)",
                     model, parameters, dtype, options.origin, options.batch, options.frames,
                     options.float64 ? "double" : "float");
}

/// theirs against ours, value by value.
ParityRow compare(const std::string& name, const io::Array& ours, const io::Array& theirs) {
  ParityRow row{name, 0.0, 0.0, {}};
  if (ours.shape != theirs.shape) {
    row.problem = fmt::format("shape {}, expected {}", shape_text(theirs.shape), shape_text(ours.shape));
    return row;
  }
  const at::Tensor a = weights::to_tensor(ours).to(torch::kFloat64), b = weights::to_tensor(theirs).to(torch::kFloat64);
  if (a.numel() == 0) {
    return row;
  }
  if (!torch::isfinite(b).all().item<bool>()) {
    row.problem = "not finite";
    return row;
  }
  const double scale = a.abs().max().item<double>();
  row.largest = (a - b).abs().max().item<double>();
  row.relative = row.largest / (scale > 0.0 ? scale : 1.0);
  return row;
}

}  // namespace

void write_parity_bundle(const fs::path& folder, const models::GeneratorHandle& generator,
                         const ParityOptions& options) {
  if (fs::exists(folder)) {
    throw ResourceError("{}: exists; give a new folder for the bundle", folder.string());
  }
  if (!generator.music.hears_samples()) {
    throw ConfigError(
        "a parity bundle holds samples, but model.music.features is {}; take a model that hears waveforms",
        generator.music.features);
  }
  const auto dtype = options.float64 ? torch::kFloat64 : torch::kFloat32;
  models::PoseGenerator& network = *generator.network;
  network.to(torch::kCPU, dtype);
  network.eval();
  network.zero_grad();
  std::vector<std::int64_t> samples;
  for (std::int64_t b = 0; b < options.batch; ++b) {
    samples.push_back(b);
  }
  const at::Tensor audio = test_audio(options).to(dtype).requires_grad_();
  const at::Tensor z = models::sample_noise(generator.noise, options.seed, "parity", samples, options.frames)
                           .to(dtype)
                           .detach()
                           .requires_grad_();
  const at::Tensor tokens = network.encode(audio);
  const at::Tensor output = network.decode(tokens, z);
  const at::Tensor loss = output.abs().mean();
  loss.backward();
  Named gradients{{"audio", audio.grad()}, {"z", z.grad()}};
  for (const auto& parameter : network.named_parameters()) {
    const at::Tensor& grad = parameter.value().grad();
    gradients.emplace(parameter.key(), grad.defined() ? grad : torch::zeros_like(parameter.value()));
  }
  util::PendingFolder pending(folder);
  weights::save_module(pending.path() / "weights.safetensors", network);
  save(pending.path() / "inputs.safetensors", {{"audio", audio}, {"z", z}});
  save(pending.path() / "outputs.safetensors", {{"tokens", tokens}, {"output", output}, {"loss", loss.reshape(1)}});
  save(pending.path() / "gradients.safetensors", gradients);
  util::write_text(pending.path() / "config.yaml", options.config_text);
  util::write_text(pending.path() / "README.md", readme(options, generator.name, weights::parameter_count(network)));
  pending.commit();
}

bool ParityReport::agrees(double tolerance) const {
  return std::all_of(rows.begin(), rows.end(), [&](const ParityRow& row) { return row.agrees(tolerance); });
}

ParityReport check_parity_bundle(const fs::path& folder) {
  for (const char* file : {"outputs.safetensors", "gradients.safetensors", kTheirs}) {
    if (!fs::exists(folder / file)) {
      throw CheckpointError("{}: missing; {}", (folder / file).string(),
                            file == std::string(kTheirs) ? "the README.md beside it says how to write it"
                                                         : "make the bundle with stg_eval --config C --parity DIR");
    }
  }
  const auto outputs = io::read_safetensors(folder / "outputs.safetensors").tensors;
  const auto gradients = io::read_safetensors(folder / "gradients.safetensors").tensors;
  auto theirs = io::read_safetensors(folder / kTheirs).tensors;
  ParityReport report;
  const auto take = [&](const std::string& name, const io::Array& ours, bool needed) {
    const auto found = theirs.find(name);
    if (found != theirs.end()) {
      report.rows.push_back(compare(name, ours, found->second));
      theirs.erase(found);
    } else if (needed) {
      report.rows.push_back({name, 0.0, 0.0, "missing"});
    } else {
      ++report.not_given;
    }
  };
  for (const char* name : {"output", "tokens", "loss"}) {
    if (outputs.count(name) == 0) {
      throw CheckpointError("{}: must hold '{}'; make the bundle again", (folder / "outputs.safetensors").string(),
                            name);
    }
    take(name, outputs.at(name), name == std::string("output"));
  }
  for (const auto& [name, ours] : gradients) {
    take("grad." + name, ours, false);
  }
  for (const auto& [name, array] : theirs) {  // a misspelt gradient must not pass for an agreeing one
    report.rows.push_back({name, 0.0, 0.0, "no such name in the bundle"});
  }
  return report;
}

}  // namespace stgmamba::eval
