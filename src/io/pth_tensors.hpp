// SPDX-License-Identifier: MIT
// From a pickled state dict to what must be read for it: which tensor lies where in which storage.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stgmamba/io/array.hpp"

#include "pickle.hpp"

namespace stgmamba::io {

/// A storage as the pickle names it: "elements" of "size" bytes under a key.
struct StorageRef {
  std::string key;
  DType dtype = DType::kF32;
  std::uint64_t elements = 0;  // of the whole storage, not of a view into it

  std::uint64_t bytes() const { return elements * size_of(dtype); }
};

/// A tensor before its storage is read. Every element lies inside the storage.
struct TensorPlan {
  std::string name;
  StorageRef storage;
  std::uint64_t begin = 0;  // its first element
  std::vector<std::int64_t> shape, stride;

  std::uint64_t numel() const;
  std::uint64_t bytes() const { return numel() * size_of(storage.dtype); }
};

struct StateDict {
  std::vector<TensorPlan> tensors;
  std::map<std::string, std::string> values;
};

std::string_view storage_name(DType dtype);  // "FloatStorage"

/// The globals that a state dict may name.
bool allowed_in_state_dict(std::string_view global);

/// Walks a pickled object. Throws CheckpointError "{where}: ...".
StateDict find_tensors(const pickle::Document& document, const std::string& where);

/// The tensor's elements in row-major order. `storage` holds plan.storage.bytes() bytes.
Array gather(const TensorPlan& plan, std::span<const std::byte> storage);

}  // namespace stgmamba::io
