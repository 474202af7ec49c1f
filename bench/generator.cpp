// SPDX-License-Identifier: MIT
// The paper's video generator at full size, for bench/generator.py, which times it beside PyTorch eager, in turns:
//
//   bench_generator --folder DIR [--ngf 64] [--size 256] [--batch 4] [--threads 2]
//
// Writes weights.pth and inputs.safetensors to DIR, then answers lines on its standard input, each with one line:
//
//   call KIND        one call on the inputs: milliseconds
//   video KIND N     N frames in calls of the batch: milliseconds
//   write KIND FILE  the inputs' frames as a safetensors file: "done"
//
// KIND: fp32 (as stg_generate runs it), nchw (as a module is built), bf16.
#include <chrono>
#include <cstdio>
#include <iostream>
#include <map>
#include <sstream>

#include <torch/torch.h>

#include <CLI/CLI.hpp>

#include "stgmamba/io/safetensors.hpp"
#include "stgmamba/models/vid2vid/generators.hpp"
#include "stgmamba/util/memory.hpp"
#include "stgmamba/weights/module_io.hpp"

namespace stgmamba::bench {
namespace {

using torch::Tensor;

struct Options {
  std::string folder;
  std::int64_t ngf = 64, size = 256, batch = 4;
  int threads = 2;
};

struct Contender {
  std::shared_ptr<models::GrComposite> network;
  Tensor photo, poses;  // [B, 3, H, W], [B, 1, 3, H, W]

  Tensor call() const {
    const torch::NoGradGuard no_grad;
    return network->render(photo, poses);
  }
};

double milliseconds(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

class Server {
 public:
  explicit Server(const Options& options) : options_(options) {
    torch::manual_seed(1);
    models::GrCompositeConfig config;
    config.network.ngf = options.ngf;
    const auto plain = std::make_shared<models::GrComposite>(config);
    plain->eval();
    const Tensor photo = torch::rand({options.batch, 3, options.size, options.size}) * 2 - 1;
    const Tensor poses = torch::rand({options.batch, 1, 3, options.size, options.size}) * 2 - 1;
    const std::filesystem::path folder = options.folder;
    weights::save_module(folder / "weights.pth", *plain);
    io::Safetensors inputs;
    inputs.tensors = {{"photo", weights::to_array(photo)}, {"poses", weights::to_array(poses)}};
    io::write_safetensors(folder / "inputs.safetensors", inputs);
    contenders_["nchw"] = {plain, photo, poses};
    for (const char* kind : {"fp32", "bf16"}) {
      const auto network = std::make_shared<models::GrComposite>(config);
      network->eval();
      weights::load_module(folder / "weights.pth", *network);
      const auto type = std::string(kind) == "bf16" ? torch::kBFloat16 : torch::kFloat;
      network->to(type);
      models::use_channels_last(*network);
      contenders_[kind] = {network, photo.to(type), poses.to(type)};
    }
  }

  std::string answer(const std::string& line) {
    std::istringstream words(line);
    std::string verb, kind, file;
    words >> verb >> kind;
    const Contender& contender = contenders_.at(kind);
    if (verb == "call") {
      return std::to_string(milliseconds([&] { contender.call(); }));
    }
    if (verb == "video") {
      std::int64_t frames = 0;
      words >> frames;
      return std::to_string(milliseconds([&] {
        for (std::int64_t made = 0; made < frames; made += options_.batch) {
          contender.call();
        }
      }));
    }
    words >> file;
    io::Safetensors outputs;
    outputs.tensors.emplace("frames", weights::to_array(contender.call().to(torch::kFloat).squeeze(1).contiguous()));
    io::write_safetensors(file, outputs);
    return "done";
  }

 private:
  Options options_;
  std::map<std::string, Contender> contenders_;
};

}  // namespace

int run(int argc, char** argv) {
  CLI::App app("The video generator, timed from outside.");
  Options options;
  app.add_option("--folder", options.folder)->required();
  app.add_option("--ngf", options.ngf)->check(CLI::Range(1, 1000000));
  app.add_option("--size", options.size)->check(CLI::Range(1, 1000000));
  app.add_option("--batch", options.batch)->check(CLI::Range(1, 1000000));
  app.add_option("--threads", options.threads)->check(CLI::Range(1, 1000000));
  CLI11_PARSE(app, argc, argv);
  at::set_num_threads(options.threads);
  util::keep_freed_memory();
  Server server(options);
  std::printf("ready\n");
  std::fflush(stdout);
  for (std::string line; std::getline(std::cin, line);) {
    std::printf("%s\n", server.answer(line).c_str());
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace stgmamba::bench

int main(int argc, char** argv) {
  return stgmamba::bench::run(argc, argv);
}
