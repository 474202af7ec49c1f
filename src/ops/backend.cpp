// SPDX-License-Identifier: MIT
#include "ops/backend.hpp"

#include <iterator>
#include <utility>

#include "stgmamba/util/error.hpp"

#include "ops/cpu_scan.hpp"
#ifdef STG_HAVE_CUDA
#include "ops/cuda_scan.hpp"
#endif
#include "ops/reference_scan.hpp"
#include "scan/cpu/isa.hpp"

namespace stgmamba::ops {
namespace {

bool on_cpu(const at::Tensor& u, std::int64_t states) {
  return u.is_cpu() && states <= kernels::kMaxStates;
}
#ifdef STG_HAVE_CUDA
bool on_cuda(const at::Tensor& u, std::int64_t states) {
  return u.is_cuda() && u.scalar_type() != at::kDouble && states <= kernels::kMaxGpuStates;
}
#endif
bool anywhere(const at::Tensor&, std::int64_t) {
  return true;
}

ScanCall the_reference = reference_scan;
std::vector<ScanOutput> run_reference(const at::Tensor& u, const std::vector<ScanBranch>& branches) {
  return the_reference(u, branches);
}

struct Row {
  ScanBackend backend;
  const char* name;
  bool (*takes)(const at::Tensor& u, std::int64_t states);
  ScanCall run;
};
/// Best first: `auto` takes the first row that takes the tensors.
constexpr Row kBuilt[] = {
#ifdef STG_HAVE_CUDA
    {ScanBackend::kCuda, "cuda", on_cuda, cuda_scan},
#endif
    {ScanBackend::kCpu, "cpu", on_cpu, cpu_scan},
    {ScanBackend::kReference, "reference", anywhere, run_reference}};

std::string built_names() {
  std::string names = "auto";
  for (std::size_t i = 0; i < std::size(kBuilt); ++i) {
    names += fmt::format("{}{}", i + 1 == std::size(kBuilt) ? " or " : ", ", kBuilt[i].name);
  }
  return names;
}

const char* name_of(ScanBackend backend) {
  switch (backend) {
    case ScanBackend::kAuto:
      return "auto";
    case ScanBackend::kReference:
      return "reference";
    case ScanBackend::kCpu:
      return "cpu";
    case ScanBackend::kCuda:
      return "cuda";
  }
  return "unknown";
}

}  // namespace

ScanBackend scan_backend_from_name(const std::string& name) {
  if (name == "auto") {
    return ScanBackend::kAuto;
  }
  for (const Row& row : kBuilt) {
    if (name == row.name) {
      return row.backend;
    }
  }
  throw ConfigError("scan backend must be {} (the ones this build has), got '{}'", built_names(), name);
}

std::string scan_backends_here() {
  std::string names;
  for (const Row& row : kBuilt) {
    names += fmt::format("{}{}", names.empty() ? "" : ", ", row.name);
    if (row.backend == ScanBackend::kCpu) {
      names += fmt::format(" ({})", kernels::isa_name(kernels::chosen_isa()));
    }
  }
  return names;
}

ScanCall find_backend(ScanBackend backend, const at::Tensor& u, std::int64_t states) {
  for (const Row& row : kBuilt) {
    if (backend == row.backend && !row.takes(u, states)) {
      throw ConfigError("scan backend '{}' does not run on {} {} tensors with {} states; use auto", row.name,
                        c10::toString(u.scalar_type()), u.device().str(), states);
    }
    if (backend == row.backend || (backend == ScanBackend::kAuto && row.takes(u, states))) {
      return row.run;
    }
  }
  throw ConfigError("scan backend must be {} (the ones this build has), got '{}'", built_names(), name_of(backend));
}

ScanCall replace_reference(ScanCall call) {
  return std::exchange(the_reference, call);
}

}  // namespace stgmamba::ops
