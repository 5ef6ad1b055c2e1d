"""The contract of databases: what every database must keep, as a test class to derive from."""

from __future__ import annotations

from gostage.testing._databases.asking import AskingContract
from gostage.testing._databases.commits import CommitContract
from gostage.testing._databases.keeping import KeepingContract
from gostage.testing._databases.looking import LookingContract
from gostage.testing._databases.owning import OwningContract
from gostage.testing._databases.stopping import StoppingContract

__all__ = ["DatabaseContract"]


class DatabaseContract(
    OwningContract,
    StoppingContract,
    AskingContract,
    LookingContract,
    CommitContract,
    KeepingContract,
):
    """Derive from it, and say how a fresh database is made, and opened once more.

    ```python
    class TestMyDatabase(DatabaseContract):
        @pytest.fixture
        def database(self, tmp_path):
            database = MyDatabase(tmp_path / "runs")
            yield database
            database.close()

        @pytest.fixture
        def reopen(self, tmp_path):
            return lambda: MyDatabase(tmp_path / "runs")
    ```
    """
