// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "stgmamba/io/pth.hpp"
#include "stgmamba/util/check.hpp"
#include "stgmamba/util/file.hpp"

#include "pickle_opcodes.hpp"
#include "pth_tensors.hpp"
#include "zip_archive.hpp"

namespace stgmamba::io {
namespace fs = std::filesystem;
namespace {

/// A pickle of protocol 2, as torch.save writes it, without the memo that it may do without.
class PickleWriter {
 public:
  explicit PickleWriter(std::string& out) : out_(out) {}

  void op(pickle::Opcode opcode) { out_ += static_cast<char>(opcode); }
  void number(std::uint64_t value, int bytes) {  // little-endian
    for (int i = 0; i < bytes; ++i) {
      out_ += static_cast<char>((value >> (8 * i)) & 0xFFU);
    }
  }
  void text(const std::string& text) {
    op(pickle::kBinUnicode);
    number(text.size(), 4);
    out_ += text;
  }
  void integer(std::int64_t value) {
    if (value >= 0 && value <= std::numeric_limits<std::int32_t>::max()) {
      op(pickle::kBinInt);
      number(static_cast<std::uint64_t>(value), 4);
    } else {
      op(pickle::kLong1);
      number(8, 1);
      number(static_cast<std::uint64_t>(value), 8);
    }
  }
  void tuple(const std::vector<std::int64_t>& values) {
    op(pickle::kMark);
    for (const std::int64_t value : values) {
      integer(value);
    }
    op(pickle::kTupleOp);
  }
  void global(const char* module, const std::string& name) {
    op(pickle::kGlobalOp);
    out_ += std::string(module) + "\n" + name + "\n";
  }

 private:
  std::string& out_;
};

std::vector<std::int64_t> row_major_strides(const std::vector<std::int64_t>& shape) {
  std::vector<std::int64_t> strides(shape.size(), 1);
  for (std::size_t i = shape.size(); i-- > 1;) {
    strides[i - 1] = strides[i] * std::max<std::int64_t>(shape[i], 1);
  }
  return strides;
}

/// torch._utils._rebuild_tensor_v2(storage, 0, size, stride, False, OrderedDict())
void write_tensor(PickleWriter& out, const Array& array, std::size_t key) {
  out.global("torch._utils", "_rebuild_tensor_v2");
  out.op(pickle::kMark);
  out.op(pickle::kMark);
  out.text("storage");
  out.global("torch", std::string(storage_name(array.dtype)));
  out.text(std::to_string(key));
  out.text("cpu");
  out.integer(array.numel());
  out.op(pickle::kTupleOp);
  out.op(pickle::kBinPersId);
  out.integer(0);
  out.tuple(array.shape);
  out.tuple(row_major_strides(array.shape));
  out.op(pickle::kNewFalse);
  out.global("collections", "OrderedDict");
  out.op(pickle::kEmptyTuple);
  out.op(pickle::kReduce);
  out.op(pickle::kTupleOp);
  out.op(pickle::kReduce);
}

std::string pickled(const std::map<std::string, Array>& tensors) {
  std::string bytes;
  PickleWriter out(bytes);
  out.op(pickle::kProto);
  out.number(2, 1);
  out.op(pickle::kEmptyDict);
  out.op(pickle::kMark);
  std::size_t key = 0;
  for (const auto& [name, array] : tensors) {
    STG_CHECK(static_cast<std::uint64_t>(array.numel()) * size_of(array.dtype) == array.bytes.size(),
              "[write_pth] '{}': {} bytes do not fill the shape", name, array.bytes.size());
    out.text(name);
    write_tensor(out, array, key++);
  }
  out.op(pickle::kSetItems);
  out.op(pickle::kStop);
  return bytes;
}

}  // namespace

void write_pth(const fs::path& path, const std::map<std::string, Array>& tensors) {
  util::PendingFile pending(path);
  int code = 0;
  ZipHandle archive(zip_open(pending.path().c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code));
  if (!archive) {
    throw ResourceError("{}: cannot create the archive", path.string());
  }
  const auto add = [&](const std::string& name, const void* data, std::size_t size) {  // read when the archive closes
    zip_source_t* source = zip_source_buffer(archive.get(), data, size, 0);
    const zip_int64_t index = zip_file_add(archive.get(), ("archive/" + name).c_str(), source, ZIP_FL_ENC_UTF_8);
    STG_CHECK(index >= 0, "[write_pth] cannot add '{}'", name);
    zip_set_file_compression(archive.get(), static_cast<zip_uint64_t>(index), ZIP_CM_STORE, 0);
    zip_file_set_dostime(archive.get(), static_cast<zip_uint64_t>(index), 0, (1U << 5U) | 1U, 0);  // 1980-01-01
  };
  const std::string object = pickled(tensors);
  add("data.pkl", object.data(), object.size());  // first: PyTorch takes the archive's name from it
  add("byteorder", "little", 6);
  std::size_t key = 0;
  for (const auto& [name, array] : tensors) {
    add("data/" + std::to_string(key++), array.bytes.data(), array.bytes.size());
  }
  add("version", "3\n", 2);
  if (zip_close(archive.get()) != 0) {
    throw ResourceError("{}: cannot write: {}", path.string(), zip_strerror(archive.get()));
  }
  (void)archive.release();  // zip_close freed it
  pending.commit();
}

}  // namespace stgmamba::io
