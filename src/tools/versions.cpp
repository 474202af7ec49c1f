// SPDX-License-Identifier: MIT
#include <ATen/Context.h>
#include <fmt/format.h>
#include <torch/version.h>

#include <nlohmann/json.hpp>

#include "stgmamba/media/video.hpp"
#include "stgmamba/ops/selective_scan.hpp"
#include "stgmamba/tools/program.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/text.hpp"

namespace stgmamba::tools {
namespace {

std::string cuda_version() {
#ifdef STG_HAVE_CUDA
  const long version = at::hasCUDA() ? at::detail::getCUDAHooks().versionCUDART() : 0;  // 13010
  return version > 0 ? fmt::format("{}.{}", version / 1000, version % 1000 / 10) : "built in, no GPU here";
#else
  return "not built in";
#endif
}

std::string cudnn_version() {
#ifdef STG_HAVE_CUDA
  const auto& hooks = at::detail::getCUDAHooks();
  const long version = at::hasCUDA() && hooks.hasCuDNN() ? hooks.versionCuDNN() : 0;  // 91900
  return version > 0 ? fmt::format("{}.{}.{}", version / 10000, version % 10000 / 100, version % 100)
                     : "built in, no GPU here";
#else
  return "not built in";
#endif
}

}  // namespace

nlohmann::json versions() {
  return {{"stgmamba", STG_VERSION},          {"libtorch", TORCH_VERSION},         {"cuda", cuda_version()},
          {"cudnn", cudnn_version()},         {"ffmpeg", media::ffmpeg_version()}, {"opencv", media::opencv_version()},
          {"scan", ops::scan_backends_here()}};
}

c10::Device resolve_device(const std::string& name) {
  if (name == "auto") {
    return {at::hasCUDA() ? c10::DeviceType::CUDA : c10::DeviceType::CPU};
  }
  if (name == "cpu") {
    return {c10::DeviceType::CPU};
  }
  long long index = 0;
  const bool known = name == "cuda" || (name.rfind("cuda:", 0) == 0 && util::parse_integer(name.substr(5), index));
  if (!known) {
    throw UsageError("--device must be cpu, cuda, cuda:INDEX or auto, got '{}'", name);
  }
  const int count = at::hasCUDA() ? at::detail::getCUDAHooks().deviceCount() : 0;
  if (index < 0 || index >= count) {
    throw UsageError("--device {}: this machine offers {} CUDA device(s); use --device cpu", name, count);
  }
  return {c10::DeviceType::CUDA, static_cast<c10::DeviceIndex>(index)};
}

}  // namespace stgmamba::tools
