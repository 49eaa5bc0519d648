"""Makes the checkpoints of this folder with PyTorch (1.13, Debian's python3-torch), and what is in them.

    python3 make.py

zip.pt, stream.pt: torch.save. big-endian.pt: zip.pt with the storages turned round and its byteorder entry, as torch 2.1
writes on big-endian machines. tar.pt: the format before 0.1.12, which torch reads and writes no more: written here, and read
back by torch before it counts. expected.json: dtype, shape and little-endian bytes of each tensor.
"""
import io, json, os, pickle, struct, tarfile, zipfile
from collections import OrderedDict

import torch

HERE = os.path.dirname(os.path.abspath(__file__))
TYPES = {torch.float64: 'F64', torch.float32: 'F32', torch.float16: 'F16', torch.bfloat16: 'BF16', torch.int64: 'I64',
         torch.int32: 'I32', torch.int16: 'I16', torch.int8: 'I8', torch.uint8: 'U8', torch.bool: 'BOOL',
         torch.complex64: 'C64'}


def tensors(types):
    torch.manual_seed(1)
    state = OrderedDict()
    for number, dtype in enumerate(types):
        state[f'plain.{TYPES[dtype].lower()}'] = (torch.randn(3, 4) * 50).to(dtype)
    base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
    state['shared.whole'] = base
    state['shared.row'] = base[2]
    state['strided.transposed'] = base.t()
    state['strided.steps'] = base[::2, 1::3]
    state['strided.permuted'] = torch.arange(24, dtype=torch.int16).reshape(2, 3, 4).permute(2, 0, 1)
    state['scalar'] = torch.tensor(2.5)
    state['empty'] = torch.zeros(0, 3)
    return state


def raw(tensor):
    flat = tensor.contiguous().reshape(-1)
    if flat.dtype == torch.bfloat16:
        flat = flat.view(torch.int16)
    return flat.numpy().tobytes().hex()


def expected(state):
    return {name: {'dtype': TYPES[t.dtype], 'shape': list(t.shape), 'hex': raw(t)} for name, t in state.items()}


def nested(state):
    """What training frameworks write: names in levels, numbers and an optimizer beside the weights."""
    levels = OrderedDict()
    for name, tensor in state.items():
        *path, last = name.split('.')
        level = levels
        for key in path:
            level = level.setdefault(key, OrderedDict())
        level[last] = tensor
    momentum = {'state': {0: {'exp_avg': torch.ones(5, dtype=torch.float64)}}, 'param_groups': [{'lr': 0.1}]}
    return {'epoch': 3, 'optimizer': momentum, 'model': levels}


def turn_round(source, target):
    """Storages with the bytes of each number turned round; complex numbers are two numbers."""
    widths = {}

    class Reader(pickle.Unpickler):
        def find_class(self, module, name):
            if name.endswith('Storage'):
                return name
            return OrderedDict if name == 'OrderedDict' else (lambda *a: a)

        def persistent_load(self, saved):
            width = {'DoubleStorage': 8, 'LongStorage': 8, 'FloatStorage': 4, 'IntStorage': 4, 'ComplexFloatStorage': 4,
                     'HalfStorage': 2, 'BFloat16Storage': 2, 'ShortStorage': 2}.get(saved[1], 1)
            widths[saved[2]] = width
            return saved

    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, 'w') as new:
        Reader(io.BytesIO(old.read('zip/data.pkl'))).load()
        for name in old.namelist():
            data = old.read(name)
            head, _, key = name.rpartition('/')
            if head == 'zip/data' and widths[key] > 1:
                width = widths[key]
                data = b''.join(data[at:at + width][::-1] for at in range(0, len(data), width))
            new.writestr(name, data)
        new.writestr('zip/byteorder', b'big')


def write_tar(state, target):
    storages, order = {}, []
    for tensor in state.values():
        key = tensor.storage().data_ptr() or id(tensor)
        if key not in storages:
            storages[key] = tensor.storage()
            order.append(key)

    def dump(value, out):
        pickle.dump(value, out, protocol=2)

    body = io.BytesIO()
    dump(len(order), body)
    for key in order:
        storage = storages[key]
        dump((key, 'cpu', getattr(torch, storage.pickle_storage_type())), body)
        data = bytes(storage.untyped()) if hasattr(storage, 'untyped') else bytes(storage._storage)
        body.write(struct.pack('<q', storage.size()) + data)
    view = order[-1] + 1
    dump([(view, order[0], 2, 4)], body)

    table = io.BytesIO()
    dump(len(state) + 1, table)
    keys = {}
    for number, (name, tensor) in enumerate(state.items()):
        keys[name] = 1000 + number
        dump((keys[name], tensor.storage().data_ptr() or id(tensor), torch.FloatTensor), table)
        shape = struct.pack('<i', tensor.dim()) + b'\xff\xee\xdd\xcc'
        numbers = [*tensor.size(), *tensor.stride(), tensor.storage_offset()]
        table.write(shape + struct.pack(f'<{len(numbers)}q', *numbers))
    keys['view'] = 5000
    dump((5000, view, torch.FloatTensor), table)
    table.write(struct.pack('<i', 1) + b'\0' * 4 + struct.pack('<3q', 4, 1, 0))

    class Ref:
        def __init__(self, key):
            self.key = key

    class Writer(pickle.Pickler):
        def persistent_id(self, value):
            return str(value.key) if isinstance(value, Ref) else None

    root = io.BytesIO()
    Writer(root, protocol=2).dump(OrderedDict((name, Ref(key)) for name, key in keys.items()))
    with tarfile.open(target, 'w', format=tarfile.USTAR_FORMAT) as tar:
        for name, part in (('storages', body), ('tensors', table), ('pickle', root)):
            info = tarfile.TarInfo(name)
            info.size = part.tell()
            part.seek(0)
            tar.addfile(info, part)


def place(name):
    return os.path.join(HERE, name)


def main():
    state = tensors(TYPES)
    told = {}
    torch.save(nested(state), place('zip.pt'))
    told['zip.pt'] = expected(state)
    torch.save(nested(state), place('stream.pt'), _use_new_zipfile_serialization=False)
    told['stream.pt'] = expected(state)
    turn_round(place('zip.pt'), place('big-endian.pt'))
    told['big-endian.pt'] = expected(state)
    old = OrderedDict((name, tensor) for name, tensor in tensors([torch.float32, torch.int64, torch.uint8]).items()
                      if name != 'empty')
    write_tar(old, place('tar.pt'))
    read = torch.load(place('tar.pt'))
    for name, tensor in old.items():
        assert torch.equal(read[name], tensor), name
    told['tar.pt'] = expected(read)
    with open(place('expected.json'), 'w') as out:
        json.dump(told, out, indent=1)
        out.write('\n')


main()
